DROP TABLE read_models.users_v2;
DELETE FROM stage.checkpoints WHERE follower = 'users_v2';
