"""What the good files say: invoices, price lists and letters of a small seller, in the languages of its customers.

Every name, number and address is made up; domains are those that RFC 2606 keeps for examples.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

MOMENT = datetime(2026, 3, 16, 9, 30, 0, tzinfo=UTC)
"""When everything here was written: files that carry a date carry this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One line of a price list."""

    number: str
    name: str
    quantity: int
    price: Decimal

    @property
    def total(self) -> Decimal:
        return self.price * self.quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """An invoice in one language."""

    title: str
    number: str
    date: str
    seller: tuple[str, ...]
    buyer: tuple[str, ...]
    columns: tuple[str, str, str, str]
    articles: tuple[Article, ...]
    net: str
    vat: str
    gross: str
    thanks: str
    rate: int
    """Value added tax in per cent."""

    @property
    def net_amount(self) -> Decimal:
        return sum((article.total for article in self.articles), Decimal(0))

    @property
    def vat_amount(self) -> Decimal:
        return (self.net_amount * self.rate / 100).quantize(Decimal("0.01"))

    @property
    def gross_amount(self) -> Decimal:
        return self.net_amount + self.vat_amount


def amount(value: Decimal) -> str:
    """Write money as most of Europe does: `1.234,50`."""
    return f"{value:,.2f}".translate(str.maketrans(",.", ".,"))


def _article(number: str, name: str, quantity: int, price: str) -> Article:
    return Article(number=number, name=name, quantity=quantity, price=Decimal(price))


INVOICES: Mapping[str, Invoice] = {
    "nl": Invoice(
        title="Factuur",
        number="2026-00417",
        date="16 maart 2026",
        seller=("Fietswinkel De Kroon", "Lange Gracht 12", "3511 KX Utrecht", "BTW NL001234567B01"),
        buyer=("Mevrouw A. van der Veen", "Kerkstraat 88", "9712 TM Groningen"),
        columns=("Artikel", "Aantal", "Prijs", "Totaal"),
        articles=(
            _article("FT-204", "Fietstas waterdicht 20 liter", 2, "39.95"),
            _article("LK-011", "Koplamp oplaadbaar 60 lux", 1, "27.50"),
            _article("BB-330", "Binnenband 28 inch", 3, "6.95"),
        ),
        net="Totaal exclusief btw",
        vat="Btw 21 %",
        gross="Te betalen in EUR",
        thanks="Dank u wel voor uw bestelling. Retourneren kan binnen 30 dagen.",
        rate=21,
    ),
    "de": Invoice(
        title="Rechnung",
        number="RE-2026-1083",
        date="16. März 2026",
        seller=("Küchenbedarf Schröder GmbH", "Große Straße 5", "49074 Osnabrück", "USt-IdNr. DE123456789"),
        buyer=("Herrn Jürgen Weiß", "Am Mühlbach 3", "86150 Augsburg"),
        columns=("Artikel", "Menge", "Preis", "Summe"),
        articles=(
            _article("KM-778", "Kochmesser 20 cm geschmiedet", 1, "64.90"),
            _article("SB-120", "Schneidebrett Nussbaum", 2, "24.50"),
        ),
        net="Nettobetrag",
        vat="Umsatzsteuer 19 %",
        gross="Zahlbetrag in EUR",
        thanks="Vielen Dank für Ihren Einkauf. Zahlbar innerhalb von 14 Tagen.",
        rate=19,
    ),
    "fr": Invoice(
        title="Facture",
        number="F-26-0219",
        date="16 mars 2026",
        seller=("Atelier des Thés Dubois", "7, rue de l'Église", "67000 Strasbourg", "TVA FR12345678901"),
        buyer=("Mme Hélène Lefèvre", "21, allée des Érables", "35000 Rennes"),
        columns=("Article", "Quantité", "Prix", "Total"),
        articles=(
            _article("TH-042", "Thé noir à la bergamote, boîte 250 g", 3, "14.80"),
            _article("TP-007", "Théière en fonte émaillée", 1, "52.00"),
        ),
        net="Total hors taxe",
        vat="TVA 20 %",
        gross="Net à payer en EUR",
        thanks="Merci de votre confiance. Échange possible sous 30 jours.",
        rate=20,
    ),
    "en": Invoice(
        title="Invoice",
        number="INV-2026-0552",
        date="16 March 2026",
        seller=("Harbour Lamps Ltd", "4 Quay Street", "Galway H91 AB12", "VAT IE1234567T"),
        buyer=("Mr Patrick O'Shea", "15 Orchard Road", "Cork T12 XY34"),
        columns=("Item", "Quantity", "Price", "Total"),
        articles=(
            _article("DL-19", "Desk lamp, brass", 1, "84.00"),
            _article("BU-60", "LED bulb E27, warm white", 4, "5.25"),
        ),
        net="Total without VAT",
        vat="VAT 23 %",
        gross="Amount due in EUR",
        thanks="Thank you for your order. Returns are free within 30 days.",
        rate=23,
    ),
    "it": Invoice(
        title="Fattura",
        number="2026/318",
        date="16 marzo 2026",
        seller=("Ceramiche Bellucci", "Via dell'Università 9", "40126 Bologna", "P. IVA IT12345678901"),
        buyer=("Sig.ra Chiara Neri", "Corso Libertà 45", "39100 Bolzano"),
        columns=("Articolo", "Quantità", "Prezzo", "Totale"),
        articles=(_article("PZ-12", "Piatto decorato a mano", 6, "18.00"),),
        net="Imponibile",
        vat="IVA 22 %",
        gross="Totale da pagare in EUR",
        thanks="Grazie per l'acquisto. Il reso è possibile entro 30 giorni.",
        rate=22,
    ),
    "es": Invoice(
        title="Factura",
        number="2026-A-77",
        date="16 de marzo de 2026",
        seller=("Guitarras Muñoz", "Calle de la Peña 3", "18001 Granada", "NIF ESB12345678"),
        buyer=("D. Íñigo Fernández", "Avenida de España 10", "28003 Madrid"),
        columns=("Artículo", "Cantidad", "Precio", "Importe"),
        articles=(
            _article("CG-06", "Juego de cuerdas para guitarra clásica", 2, "11.90"),
            _article("AF-01", "Afinador de pinza", 1, "19.50"),
        ),
        net="Base imponible",
        vat="IVA 21 %",
        gross="Total a pagar en EUR",
        thanks="Gracias por su compra. Devolución gratuita durante 30 días.",
        rate=21,
    ),
}
"""Invoices by language; all of their text fits Windows code page 1252, as the fonts of a simple PDF need."""

LETTERS: Mapping[str, tuple[str, ...]] = {
    "nl": (
        "Betreft: uw retourzending 8841",
        "Geachte mevrouw Van der Veen,",
        (
            "Wij hebben de fietstas ontvangen die u op 9 maart hebt teruggestuurd. De naad aan de linkerkant is "
            "inderdaad los. U krijgt binnen drie werkdagen € 39,95 terug op uw rekening."
        ),
        "De foto's die u meestuurde hebben ons erg geholpen.",
        "Met vriendelijke groet,",
        "Fietswinkel De Kroon",
    ),
    "de": (
        "Betreff: Garantie für Ihr Kochmesser",
        "Sehr geehrter Herr Weiß,",
        (
            "auf unsere geschmiedeten Messer geben wir zehn Jahre Garantie. Bitte schicken Sie das Messer mit der "
            "Rechnung RE-2026-1083 an unsere Werkstatt; wir schärfen es kostenlos."
        ),
        "Mit freundlichen Grüßen",
        "Küchenbedarf Schröder GmbH",
    ),
    "fr": (
        "Objet : votre commande 0219",
        "Chère Madame Lefèvre,",
        (
            "La théière en fonte est de nouveau disponible. Nous l'expédierons dès demain ; le suivi du colis vous "
            "sera envoyé par courriel."
        ),
        "Bien cordialement,",
        "Atelier des Thés Dubois",
    ),
    "en": (
        "Subject: replacement for your desk lamp",
        "Dear Mr O'Shea,",
        (
            "The switch of the lamp you sent us is faulty. A new one leaves our shop today; there is nothing you need "
            "to pay. Please keep the bulbs."
        ),
        "Kind regards,",
        "Harbour Lamps Ltd",
    ),
    "pl": (
        "Dotyczy: zwrotu zamówienia 7203",
        "Szanowna Pani,",
        (
            "Przesyłka dotarła do naszego magazynu. Zwrócimy 129,00 zł na konto w ciągu trzech dni roboczych. Wymiana "
            "na większy rozmiar jest także możliwa."
        ),
        "Z poważaniem",
        "Sklep „Żółta Łódź”",
    ),
    "el": (
        "Θέμα: η παραγγελία σας 5512",
        "Αγαπητή κυρία Παπαδοπούλου,",
        "Το ελαιόλαδο που παραγγείλατε στάλθηκε σήμερα το πρωί και θα φτάσει σε δύο ημέρες.",  # noqa: RUF001 - Greek is meant
        "Με εκτίμηση",
        "Ελαιώνας Κρήτης",
    ),
    "zh": (
        "关于:您的订单 3096",
        "尊敬的客户:",
        "您订购的茶具已经发货,预计三天内送达。如有破损,请拍照并与我们联系。",
        "此致敬礼",
        "青山茶舍",
    ),
}
"""Letters by language, a paragraph each; not all of them fit an 8-bit code page."""

PRICE_LIST: tuple[Article, ...] = (
    _article("KM-778", "Kochmesser 20 cm geschmiedet", 14, "64.90"),
    _article("SB-120", "Schneidebrett Nussbaum", 32, "24.50"),
    _article("PF-028", "Eisenpfanne 28 cm", 9, "47.00"),
    _article("TS-004", "Topfset, 4-teilig; Edelstahl", 5, "189.00"),
    _article("GK-001", "Gutschein, Rabatt je Stück", 100, "-12.50"),
)
"""A price list, with quantities in stock; one price is below zero, as rebates are."""
