#pragma once
// A text as a QR code (ISO/IEC 18004, error correction of level M), which libqrencode makes: as a picture for pages
// (SVG) and for whatever shows no SVG (PNG, by libpng). The picture tells the text, so it is as secret. Any thread.
// More than 2331 bytes throw std::length_error; other failures of the libraries CryptoFailure.
#include "domain/base/secret.hpp"

namespace keyledger::security {

// Without a size of its own: it fills what it is put into. No style and no script, so any content policy shows it.
Secret qr_code_svg(const Secret& text);
// Black on white, 8 pixels a module.
Secret qr_code_png(const Secret& text);

}  // namespace keyledger::security
