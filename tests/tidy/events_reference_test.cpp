// docs/events.md and docs/asyncapi.yaml against the declarations.
#include <gtest/gtest.h>

#include "eventstore/reference/event_reference.hpp"
#include "tests/tidy/stale.hpp"

namespace keyledger {
namespace {

using namespace eventstore::reference;
using test::expect_same;

TEST(EventsReference, PageFollowsFromTheDeclarations) { expect_same("docs/events.md", events_page()); }

TEST(EventsReference, AsyncApiFollowsFromTheDeclarations) { expect_same("docs/asyncapi.yaml", asyncapi_yaml()); }

}  // namespace
}  // namespace keyledger
