"""How many dimensions a hierarchy needs, and what resampling and finetuning trade off."""
