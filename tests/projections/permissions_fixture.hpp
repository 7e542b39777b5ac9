#pragma once
// A story whose users and permissions are in their read models, and questions about them.
#include <gtest/gtest.h>

#include "projections/engine/queries.hpp"
#include "projections/models/read_models.hpp"
#include "tests/projections/asking.hpp"
#include "tests/projections/driver.hpp"
#include "tests/projections/running.hpp"

namespace keyledger::projections::test {

inline Queries::Deadline soon() { return std::chrono::steady_clock::now() + kPatience; }

struct PermissionsFixture : testing::Test {
    keyledger::test::Database& database = fresh_database();
    Story story{database};
    UsersModel users;
    PermissionsModel permissions;
    Queries queries{{database.service_url()}};

    void project() {
        story.publish();
        Driver(database, story, users).apply();
        Driver(database, story, permissions).apply();
    }
};

}  // namespace keyledger::projections::test
