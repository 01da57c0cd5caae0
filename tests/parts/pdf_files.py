"""PDF files of our own: a line across each page; damaged or locked when a test wants it."""

ENCRYPTED = (
    b"<< /Filter /Standard /V 1 /R 2 /P -4 /O <" + b"41" * 32 + b"> /U <" + b"42" * 32 + b"> >>"
)


def pdf_file(
    pages: int = 1, width: int = 200, height: int = 120, *, is_locked: bool = False
) -> bytes:
    kids = " ".join(f"{3 + 2 * index} 0 R" for index in range(pages))
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>",
               f"<< /Type /Pages /Count {pages} /Kids [{kids}] >>".encode()]  # fmt: skip
    line = f"4 w 0 0 m {width} {height} l S".encode()
    for index in range(pages):
        objects += [
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width} {height}]"
            f" /Contents {4 + 2 * index} 0 R >>".encode(),
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(line), line),
        ]
    content = b"%PDF-1.4\n"
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    lock = b" /Encrypt " + ENCRYPTED + b" /ID [<00> <00>]" if is_locked else b""
    count = len(objects) + 1
    head = b"xref\n0 %d\n0000000000 65535 f \n%s" % (count, table)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R%s >>\n" % (count, lock)
    return content + head + trailer + b"startxref\n%d\n%%%%EOF\n" % len(content)
