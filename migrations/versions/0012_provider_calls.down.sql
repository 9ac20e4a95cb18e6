DROP TABLE stage.provider_spending;
DROP TABLE stage.provider_calls;
