// Writes events.md and asyncapi.yaml into a folder.
//     write_event_docs FOLDER
#include <cstdio>
#include <exception>
#include <fstream>
#include <stdexcept>
#include <string>

#include "eventstore/reference/event_reference.hpp"

namespace {

void write(const std::string& path, const std::string& text) {
    std::ofstream file(path);
    file << text;
    if (!file.flush()) throw std::runtime_error("can't write " + path);
}

}  // namespace

int main(int count, char** arguments) try {
    using namespace keyledger::eventstore::reference;
    if (count != 2) throw std::runtime_error("usage: write_event_docs FOLDER");
    const std::string folder = arguments[1];
    write(folder + "/events.md", events_page());
    write(folder + "/asyncapi.yaml", asyncapi_yaml());
    return 0;
} catch (const std::exception& error) {
    std::fprintf(stderr, "write_event_docs: %s\n", error.what());
    return 1;
}
