#include <iostream>

#include "app/cli/cli.hpp"
#include "eventstore/reference/event_reference.hpp"

namespace keyledger::app {

Exit print_event_schema(Format format) {
    using namespace eventstore::reference;
    std::cout << (format == Format::kJson ? asyncapi_json() : asyncapi_yaml());
    return Exit::kGood;
}

}  // namespace keyledger::app
