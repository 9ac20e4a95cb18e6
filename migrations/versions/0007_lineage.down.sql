DROP TABLE read_models.photos_v3;
DELETE FROM stage.checkpoints WHERE follower = 'photos_v3';
