#include "security/factors/qr_code.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <string>

#include "security/factors/key_uri.hpp"

using namespace keyledger;
using namespace keyledger::security;

namespace {

// What a phone would read, said by a reader that knows nothing of the writer.
std::string read_back(const Secret& picture, const std::string& ending) {
    const std::string path = testing::TempDir() + "qr_code_test." + ending;
    std::ofstream(path, std::ios::binary) << picture.reveal();
    const std::string command = "zbarimg --nodbus --quiet --raw " + path;
    std::FILE* pipe = popen(command.c_str(), "r");
    std::string said;
    for (int one = 0; pipe && (one = std::fgetc(pipe)) != EOF;) said += static_cast<char>(one);
    EXPECT_EQ(pipe ? pclose(pipe) : -1, 0) << command << " found no code in it: is zbar-tools installed?";
    std::remove(path.c_str());
    return said;
}

// A grey picture (PGM) of an SVG that draws squares: of `M<x> <y>h<width>v1`, after the white ground.
Secret drawn(const std::string& svg, int pixels_of_module = 4) {
    int width = 0;
    std::sscanf(svg.c_str() + svg.find("viewBox"), "viewBox=\"0 0 %d", &width);
    const int side = width * pixels_of_module;
    std::string pixels(static_cast<std::size_t>(side) * side, '\xFF');
    const std::size_t dark = svg.rfind(" d=\"");
    for (std::size_t at = svg.find('M', dark); at != svg.npos; at = svg.find('M', at + 1)) {
        int x = 0, y = 0, run = 0;
        EXPECT_EQ(std::sscanf(svg.c_str() + at, "M%d %dh%dv1h-", &x, &y, &run), 3) << svg.substr(at, 20);
        for (int row = y * pixels_of_module; row < (y + 1) * pixels_of_module; ++row)
            for (int column = x * pixels_of_module; column < (x + run) * pixels_of_module; ++column)
                pixels.at(static_cast<std::size_t>(row) * side + column) = '\0';
    }
    return Secret("P5 " + std::to_string(side) + ' ' + std::to_string(side) + " 255\n" + pixels);
}

Secret key_uri(std::string_view account) { return totp_key_uri("Example", account, Secret("12345678901234567890")); }

}  // namespace

TEST(QrCode, IsReadBackFromAPng) {
    for (const std::string& account : {std::string("ann@example.com"), std::string(300, 'x')}) {
        const Secret uri = key_uri(account);
        const Secret png = qr_code_png(uri);
        EXPECT_EQ(read_back(png, "png"), std::string(uri.reveal()) + '\n');
        EXPECT_LT(png.size(), 16u * 1024);
    }
}

TEST(QrCode, IsReadBackFromAnSvg) {
    const Secret uri = key_uri("ann@example.com");
    const Secret svg = qr_code_svg(uri);
    EXPECT_EQ(read_back(drawn(std::string(svg.reveal())), "pgm"), std::string(uri.reveal()) + '\n');
    EXPECT_LT(svg.size(), 16u * 1024);
}

TEST(QrCode, HasAnSvgThatNeedsNothingFromOutside) {
    const std::string svg(qr_code_svg(key_uri("ann")).reveal());
    EXPECT_TRUE(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=")) << svg;
    for (const char* word : {"style", "script", "href", "url("}) EXPECT_EQ(svg.find(word), svg.npos) << word;
}

TEST(QrCode, RefusesWhatItCannotHold) {
    EXPECT_NO_THROW(qr_code_svg(Secret(std::string(2331, 'x'))));
    EXPECT_THROW(qr_code_svg(Secret(std::string(2332, 'x'))), std::length_error);
}
