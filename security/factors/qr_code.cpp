#include "security/factors/qr_code.hpp"

#include <png.h>
#include <qrencode.h>

#include <cerrno>
#include <memory>
#include <stdexcept>
#include <string>

#include "security/primitives/crypto_failure.hpp"

namespace keyledger::security {
namespace {

constexpr int kQuietModules = 4;  // on each side, as the standard asks for
constexpr int kPixelsOfModule = 8;

struct FreeQrCode {
    void operator()(QRcode* code) const {
        volatile unsigned char* at = code->data;
        for (int left = code->width * code->width; left > 0; --left) *at++ = 0;
        QRcode_free(code);
    }
};

// Its modules, and the quiet ones around them.
class Modules {
public:
    explicit Modules(const Secret& text)
        : code_(QRcode_encodeData(static_cast<int>(text.size()),
                                  reinterpret_cast<const unsigned char*>(text.reveal().data()), 0, QR_ECLEVEL_M)) {
        if (!code_ && errno == ERANGE) throw std::length_error("a QR code can't hold so much");
        if (!code_) throw CryptoFailure("libqrencode made no QR code");
    }
    int width() const { return code_->width + 2 * kQuietModules; }
    bool is_dark(int x, int y) const {
        x -= kQuietModules;
        y -= kQuietModules;
        if (x < 0 || y < 0 || x >= code_->width || y >= code_->width) return false;
        return code_->data[y * code_->width + x] & 1;
    }

private:
    const std::unique_ptr<QRcode, FreeQrCode> code_;
};

}  // namespace

Secret qr_code_svg(const Secret& text) {
    const Modules modules(text);
    const std::string width = std::to_string(modules.width());
    std::string svg;
    svg.reserve(static_cast<std::size_t>(modules.width() * modules.width()) * 8 +
                512);  // moves, and leaves copies, never
    svg += "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + width + ' ' + width +
           "\" shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h" + width + 'v' + width +
           "H0z\"/><path d=\"";
    for (int y = 0; y < modules.width(); ++y) {
        for (int x = 0, run = 0; x < modules.width(); x += run + 1) {  // what follows a run is light
            for (run = 0; modules.is_dark(x + run, y);) ++run;
            if (run == 0) continue;
            svg += 'M' + std::to_string(x) + ' ' + std::to_string(y) + 'h' + std::to_string(run) + "v1h-" +
                   std::to_string(run) + 'z';
        }
    }
    svg += "\"/></svg>";
    return Secret::take(std::move(svg));
}

Secret qr_code_png(const Secret& text) {
    const Modules modules(text);
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    image.width = image.height = static_cast<png_uint_32>(modules.width() * kPixelsOfModule);
    image.format = PNG_FORMAT_GRAY;
    std::string pixels;
    pixels.reserve(PNG_IMAGE_SIZE(image));
    for (png_uint_32 y = 0; y < image.height; ++y) {
        for (png_uint_32 x = 0; x < image.width; ++x) {
            const bool is_dark =
                modules.is_dark(static_cast<int>(x) / kPixelsOfModule, static_cast<int>(y) / kPixelsOfModule);
            pixels += is_dark ? '\x00' : '\xFF';
        }
    }
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
    std::string png(size, '\0');
    const bool written = png_image_write_to_memory(&image, png.data(), &size, 0, pixels.data(), 0, nullptr) != 0;
    Secret::wipe(pixels);
    if (!written) throw CryptoFailure("libpng: " + std::string(image.message));
    Secret picture(std::string_view(png).substr(0, size));
    Secret::wipe(png);
    return picture;
}

}  // namespace keyledger::security
