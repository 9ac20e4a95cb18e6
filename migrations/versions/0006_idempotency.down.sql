DROP TABLE stage.answers;
