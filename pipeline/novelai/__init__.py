"""NovelAI's image API: reading what its clients send, and calling it in their place.

The path is `reader` (bytes to a value), `request` (a value to work that may be judged), `client`
(work to pictures) and `marks` (what NovelAI itself wrote into a picture).
"""
