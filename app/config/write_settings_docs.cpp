// Writes .env.example and the tables of docs/operate/settings.md in the root of the repository.
//     write_settings_docs ROOT
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "app/config/settings_reference.hpp"

namespace {

void write(const std::string& path, const std::string& text) {
    std::ofstream file(path);
    file << text;
    if (!file.flush()) throw std::runtime_error("can't write " + path);
}

}  // namespace

int main(int count, char** arguments) try {
    if (count != 2) throw std::runtime_error("usage: write_settings_docs ROOT");
    const std::string root = arguments[1];
    const std::string page = root + "/docs/operate/settings.md";
    std::ifstream in(page, std::ios::binary);
    const std::string before{std::istreambuf_iterator<char>(in), {}};
    if (!in) throw std::runtime_error("can't read " + page);
    write(page, keyledger::app::with_settings_tables(before));
    write(root + "/.env.example", keyledger::app::env_example());
    return 0;
} catch (const std::exception& error) {
    std::fprintf(stderr, "write_settings_docs: %s\n", error.what());
    return 1;
}
