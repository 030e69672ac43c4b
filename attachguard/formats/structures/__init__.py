"""The skeletons of formats, walked without a library: enough to tell what a file is, where it ends and what it says.

Nothing here decodes a picture or draws a page, and nothing imports what does: who only asks what a file is loads
these modules and little else.
"""
