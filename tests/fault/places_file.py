"""Writes a file of places in MaxMind's format (MaxMind DB File Format Specification 2.0): some IPv4 networks of /24."""

import ipaddress

TEXT, UINT16, UINT32, MAP, UINT64, ARRAY = 2, 5, 6, 7, 9, 11
SEPARATOR = bytes(16)  # between tree and data
RECORD_BYTES = 3


def head(kind, size):
    assert size < 285
    first = (0 if kind > MAP else kind) << 5 | min(size, 29)
    return bytes([first, *([kind - MAP] if kind > MAP else []), *([size - 29] if size >= 29 else [])])


def value(what):
    if isinstance(what, str):
        return head(TEXT, len(what.encode())) + what.encode()
    if isinstance(what, list):
        return head(ARRAY, len(what)) + b"".join(value(one) for one in what)
    if isinstance(what, tuple):  # a number of that many bytes
        number, size = what
        return head({2: UINT16, 4: UINT32, 8: UINT64}[size], size) + number.to_bytes(size, "big")
    return head(MAP, len(what)) + b"".join(value(name) + value(one) for name, one in what.items())


def places_file(places):
    """`places`: network -> (country, city)."""
    nodes, data = [[None, None]], b""
    for network, (country, city) in places.items():
        network = ipaddress.ip_network(network)
        bits = f"{int(network.network_address):0128b}"[:96 + network.prefixlen]  # IPv4 stands in ::/96
        at = 0
        for bit in map(int, bits[:-1]):
            if nodes[at][bit] is None:
                nodes[at][bit] = ("node", len(nodes))
                nodes.append([None, None])
            at = nodes[at][bit][1]
        nodes[at][int(bits[-1])] = ("data", len(data))
        data += value({"country": {"iso_code": country}, "city": {"names": {"en": city}}})
    count = len(nodes)
    places_of = {"node": 0, "data": count + len(SEPARATOR)}
    tree = b"".join((count if record is None else places_of[record[0]] + record[1]).to_bytes(RECORD_BYTES, "big")
                    for node in nodes for record in node)
    metadata = value({"binary_format_major_version": (2, 2), "binary_format_minor_version": (0, 2),
                      "build_epoch": (1_700_000_000, 8), "description": {"en": "of tests"},
                      "database_type": "Keyledger-Test-City", "ip_version": (6, 2), "languages": ["en"],
                      "node_count": (count, 4), "record_size": (8 * RECORD_BYTES, 2)})
    return tree + SEPARATOR + data + b"\xab\xcd\xefMaxMind.com" + metadata
