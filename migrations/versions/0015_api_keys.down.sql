DROP TABLE stage.api_keys;
