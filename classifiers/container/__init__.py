"""Takes PNG, JPEG and WebP files apart before anything decodes them."""
