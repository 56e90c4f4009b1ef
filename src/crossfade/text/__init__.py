"""What is done to words after they are recognized, whoever recognized them and whoever asked."""
