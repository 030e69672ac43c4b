"""What the five picture formats share: walking, measuring, decoding, and telling what is hidden in them."""
