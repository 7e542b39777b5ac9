#include "commands/accounts/import_user.hpp"

#include "commands/access/apply_access.hpp"
#include "commands/credentials/passwords.hpp"
#include "domain/access/administrators.hpp"
#include "domain/users/identity.hpp"
#include "tests/commands/runtime/fixture.hpp"

namespace keyledger::commands {
namespace {

using test::caller;
using test::run;
using test::Types;
using Outcome = ImportReceipt::Outcome;

class ImportUserTest : public test::CommandTest {
protected:
    Result<ImportReceipt, CommandError> ask(const UserImport& newcomer) {
        Caller operators;
        operators.actor_type = eventstore::ActorType::kSystem;
        operators.request_id = "users-import";
        operators.deadline = Deadline::max();
        return run(import_user(services(), newcomer, operators));
    }
    static UserImport ann() {
        UserImport newcomer;
        newcomer.email = "Ann@Example.com";
        newcomer.username = "ann";
        newcomer.hash = Secret("imported:hash of hers");
        return newcomer;
    }
    User user(const UserId& user_id) {
        Streams streams;
        streams.read<User>(user_id);
        auto folds = run(other.executor.folder().load(streams.loads(), Freshness::kAtHead, Deadline::max()));
        return state_of<User>(folds->front());
    }
};

TEST_F(ImportUserTest, AppendsTheUserAsTheyWereThere) {
    UserImport newcomer = ann();
    newcomer.name = " Ann Lee ";
    newcomer.locale = "de-AT";
    newcomer.address = EmailAtImport::kProven;
    newcomer.registered_at = Instant::at_ms(1'000);
    const auto imported = ask(newcomer);
    ASSERT_TRUE(test::succeeds(imported));
    EXPECT_EQ(imported->outcome, Outcome::kImported);
    EXPECT_EQ(world.types(), (Types{"user.imported", "user.password_set"}));
    const User known = user(imported->user_id);
    EXPECT_EQ(known.email, "Ann@Example.com");
    EXPECT_EQ(known.name, "Ann Lee");
    EXPECT_EQ(known.locale, "de-AT");
    EXPECT_EQ(known.email_proof, User::EmailProof::kVerified);
    EXPECT_EQ(known.registered_at, Instant::at_ms(1'000));
    EXPECT_EQ(known.status, User::Status::kActive);
    auto credential = run(store.read_credential(imported->user_id, "password", Deadline::max()));
    ASSERT_TRUE(credential && credential->has_value());
    EXPECT_EQ((*credential)->sealed.find("hash of hers"), std::string::npos) << "sealed";
    for (const auto& event : world.events())
        for (const char* secret : {"Ann@", "ann", "Lee", "de-AT", "hash of hers"})
            EXPECT_EQ(event.payload.find(secret), std::string::npos) << event.payload;
}

TEST_F(ImportUserTest, IsOnceForEachAddress) {
    const auto first = ask(ann());
    ASSERT_TRUE(test::succeeds(first));
    UserImport changed = ann();
    changed.email = "ANN@example.com";
    changed.username = "annie";
    changed.hash = Secret("imported:another");
    const auto second = ask(changed);
    ASSERT_TRUE(test::succeeds(second));
    EXPECT_EQ(second->outcome, Outcome::kWasThere);
    EXPECT_EQ(second->user_id, first->user_id);
    EXPECT_EQ(world.types().size(), 2u) << "they stay as they are";
}

TEST_F(ImportUserTest, TakesNobodysName) {
    world.register_user(node, "bob@example.com", "bob");
    UserImport newcomer = ann();
    newcomer.email = "bob@example.com";
    EXPECT_TRUE(test::refused(ask(newcomer), refusals::kEmailTaken)) << "Bob was first";
    newcomer = ann();
    newcomer.username = "BOB";
    EXPECT_TRUE(test::refused(ask(newcomer), refusals::kUsernameTaken));
    EXPECT_TRUE(test::succeeds(ask(ann())));
    EXPECT_TRUE(test::refused(run(register_user(services(), test::registration("ann@example.com"), caller())),
                              refusals::kEmailTaken));
}

TEST_F(ImportUserTest, MayComeWithoutAPasswordOrDisabled) {
    UserImport newcomer = ann();
    newcomer.hash.reset();
    newcomer.status = StatusAtImport::kDisabled;
    const auto imported = ask(newcomer);
    ASSERT_TRUE(test::succeeds(imported));
    EXPECT_EQ(world.types(), Types{"user.imported"});
    EXPECT_EQ(user(imported->user_id).status, User::Status::kDisabled);

    newcomer.email = "bob@example.com";
    newcomer.username = "bob";
    newcomer.status = StatusAtImport::kActive;
    ASSERT_TRUE(test::succeeds(ask(newcomer)));
    const int verified = world.hasher.verified;
    EXPECT_TRUE(test::refused(run(log_in(services(), test::login("bob@example.com"), caller())),
                              refusals::kInvalidCredentials));
    EXPECT_EQ(world.hasher.verified, verified + 1) << "a decoy: as much work as for anybody";
    EXPECT_TRUE(world.operator_log.lines().empty()) << "and nobody calls it tampering";
}

TEST_F(ImportUserTest, IsHeldToTheRulesOfTexts) {
    const auto with = [](auto change) {
        UserImport newcomer = ann();
        change(newcomer);
        return newcomer;
    };
    EXPECT_TRUE(test::refused(ask(with([](auto& one) { one.email = "ann"; })), refusals::kInvalidEmail));
    EXPECT_TRUE(test::refused(ask(with([](auto& one) { one.username = "a b"; })), refusals::kInvalidUsername));
    EXPECT_TRUE(test::refused(ask(with([](auto& one) { one.name = "\x01"; })), refusals::kInvalidName));
    for (const char* locale : {"", "d", "de-", "-de", "de--AT", "d1", "deutschland-", "languagetag", "de_AT"})
        EXPECT_TRUE(test::refused(ask(with([&](auto& one) { one.locale = locale; })), refusals::kInvalidLocale))
            << locale;
    const Instant later = clock.now() + seconds(1);
    for (const Instant at : {Instant::at_ms(-1), later})
        EXPECT_TRUE(test::refused(ask(with([&](auto& one) { one.registered_at = at; })), refusals::kInvalidCreatedAt));
    EXPECT_EQ(world.head(), 0);
    for (const char* locale : {"de", "pt-BR", "zh-Hant-TW", "es-419"}) {
        UserImport newcomer = ann();
        newcomer.email = std::string(locale) + "@example.com";
        newcomer.username.reset();
        newcomer.locale = locale;
        EXPECT_TRUE(test::succeeds(ask(newcomer))) << locale;
    }
}

TEST_F(ImportUserTest, GivesRolesWithTheUser) {
    RoleDefinition viewer{"viewer", {"orders:read"}};
    ASSERT_TRUE(run(apply_role(services(), "viewer", viewer, nullptr, caller())));
    const auto role = run(role_named(services(), "Viewer", Deadline::max()));
    ASSERT_TRUE(test::succeeds(role));
    EXPECT_TRUE(test::refused(run(role_named(services(), "editor", Deadline::max())), refusals::kRoleUnknown));
    const Position before = world.head();
    UserImport newcomer = ann();
    newcomer.roles = {*role, *role};
    ASSERT_TRUE(test::succeeds(ask(newcomer)));
    EXPECT_EQ(world.types(before), (Types{"user.imported", "user.password_set", "role.assigned"})) << "once";
    UserImport other_one = ann();
    other_one.email = "other@example.com";
    other_one.username.reset();
    other_one.roles = {RoleId{test::uuid(0xAB)}};
    EXPECT_TRUE(test::refused(ask(other_one), refusals::kRoleUnknown));
}

TEST_F(ImportUserTest, MakesAdministratorsWhoCount) {
    world.create_administrator(node, "root@example.com");
    const auto named = run(role_named(services(), std::string(kAdministratorRoleName), Deadline::max()));
    ASSERT_TRUE(test::succeeds(named));
    const Position before = world.head();
    UserImport newcomer = ann();
    newcomer.roles = {*named};
    ASSERT_TRUE(test::succeeds(ask(newcomer)));
    EXPECT_EQ(world.types(before),
              (Types{"user.imported", "user.password_set", "role.assigned", "administrators.joined"}));
    UserImport disabled = ann();
    disabled.email = "other@example.com";
    disabled.username.reset();
    disabled.status = StatusAtImport::kDisabled;
    disabled.roles = {*named};
    const Position behind = world.head();
    ASSERT_TRUE(test::succeeds(ask(disabled)));
    EXPECT_EQ(world.types(behind), (Types{"user.imported", "user.password_set", "role.assigned"}))
        << "who is disabled counts once enabled";
}

}  // namespace
}  // namespace keyledger::commands
