from PIL import Image, ImageChops, ImageStat

from tests.formats.pdf.pictures import FOLDER, pictures


def test_the_pictures_in_the_documentation_show_what_is_made_today() -> None:
    # Not to the last point: the machine's fonts and the version of pdfium have a say in that.
    for name, picture in pictures().items():
        with Image.open(FOLDER / f"{name}.png") as shown:
            assert shown.size == picture.size
            apart = ImageChops.difference(shown.convert("L"), picture.convert("L"))
        assert ImageStat.Stat(apart).mean[0] < 4, name
