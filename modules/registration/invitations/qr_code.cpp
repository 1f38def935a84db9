#include "modules/registration/invitations/qr_code.h"

#include <qrencode.h>

#include <memory>
#include <string>

namespace clarion::registration::invitations {

namespace {

constexpr int margin = 4;

/// Each row's runs of dark modules.
std::string path_of(const QRcode& code) {
    std::string path;
    for (int y = 0; y < code.width; ++y) {
        for (int x = 0; x < code.width;) {
            const auto is_dark = [&](int at) {
                return at < code.width && (code.data[y * code.width + at] & 1) != 0;
            };
            int length = 0;
            while (is_dark(x + length)) ++length;
            if (length > 0)
                path += "M" + std::to_string(x + margin) + " " + std::to_string(y + margin) + "h" +
                        std::to_string(length) + "v1h-" + std::to_string(length) + "z";
            x += length + 1;
        }
    }
    return path;
}

}  // namespace

core::Html qr_code(std::string_view text, std::string_view label) {
    const std::unique_ptr<QRcode, decltype(&QRcode_free)> code(
        QRcode_encodeString8bit(std::string(text).c_str(), 0, QR_ECLEVEL_M), QRcode_free);
    if (!code) return {};
    const int size = code->width + 2 * margin;
    return core::html(
        "<svg class=\"qr\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\" "
        "shape-rendering=\"crispEdges\"><path fill=\"#000000\" d=\"{}\"/></svg>",
        size, size, label, path_of(*code));
}

}  // namespace clarion::registration::invitations
