// One text that was typed on two keyboards is one text: passwords, user names, names, addresses.
#include "commands/accounts/update_profile.hpp"
#include "commands/credentials/change_password.hpp"
#include "commands/credentials/passwords.hpp"
#include "commands/sessions/log_in.hpp"
#include "domain/base/precis.hpp"
#include "domain/users/identity.hpp"
#include "tests/commands/runtime/fixture.hpp"

namespace keyledger::commands {
namespace {

using test::bearer_of;
using test::caller;
using test::kAnnsEmail;
using test::login;
using test::login_by_username;
using test::run;
using test::Types;

constexpr const char* kComposed = "sept h\u00E9rons sur Uppsala";
constexpr const char* kApart = "sept he\u0301rons sur\u00A0Uppsala";

class TextForms : public test::CommandTest {
protected:
    auto ask(LogIn request) { return run(log_in(services(), std::move(request), caller())); }
    auto registered(std::string email, std::string username, std::string password = test::kPassword) {
        return run(register_user(services(), test::registration(email, username, password), caller()));
    }
    int hashes_of(LogIn request) {
        const int before = world.hasher.verified;
        static_cast<void>(ask(std::move(request)));
        return world.hasher.verified - before;
    }
};

TEST_F(TextForms, OpenOneAccountByEitherFormOfItsPassword) {
    ASSERT_TRUE(test::succeeds(registered(kAnnsEmail, "", kApart)));
    EXPECT_TRUE(test::succeeds(ask(login(kAnnsEmail, kComposed))));
    EXPECT_TRUE(test::succeeds(ask(login(kAnnsEmail, kApart))));
    EXPECT_TRUE(test::refused(ask(login(kAnnsEmail, "sept herons sur Uppsala")), refusals::kInvalidCredentials));
}

// A hash of before: of the bytes as they were typed.
TEST_F(TextForms, StillOpenAnAccountOfBeforeAndRenewItsHash) {
    world.hasher.instead = kApart;
    ASSERT_TRUE(test::succeeds(registered(kAnnsEmail, "", kApart)));
    world.hasher.instead.clear();
    const Position before = world.head();
    EXPECT_TRUE(test::refused(ask(login(kAnnsEmail, kComposed)), refusals::kInvalidCredentials));
    ASSERT_TRUE(test::succeeds(ask(login(kAnnsEmail, kApart))));
    EXPECT_EQ(world.types(before).back(), "user.password_hash_renewed");
    EXPECT_TRUE(test::succeeds(ask(login(kAnnsEmail, kComposed)))) << "from now on it has one form";
    EXPECT_EQ(hashes_of(login(kAnnsEmail, kComposed)), 1);
}

// What may no longer be chosen still opens what it was chosen for.
TEST_F(TextForms, StillOpenAnAccountWhosePasswordWouldBeRefusedToday) {
    const std::string old = "seven\u200Bherons over Uppsala";
    EXPECT_TRUE(test::refused(registered(kAnnsEmail, "", old), refusals::kPasswordNotText));
    world.hasher.instead = old;
    ASSERT_TRUE(test::succeeds(registered(kAnnsEmail, "")));
    world.hasher.instead.clear();
    EXPECT_TRUE(test::succeeds(ask(login(kAnnsEmail, old))));
    EXPECT_EQ(hashes_of(login(kAnnsEmail, old)), 1);
}

// Letters of several scripts look alike. Nobody chooses such a name any more; who has one logs in by it, keeps it, and
// gives it back.
TEST_F(TextForms, KeepAUserNameWhoseScriptsWouldBeRefusedToday) {
    const std::string old = "b\u0585b";  // Armenian
    EXPECT_TRUE(test::refused(registered(kAnnsEmail, old), refusals::kInvalidUsername));
    ASSERT_TRUE(test::succeeds(registered(kAnnsEmail, "ann")));
    const Grant ann = run(log_in(services(), login(kAnnsEmail), caller())).value();
    ProfileUpdate update{bearer_of(ann), old, std::nullopt};
    const auto change = [&] { return run(update_profile(services(), update, test::caller_of(ann))); };
    EXPECT_TRUE(test::refused(change(), refusals::kInvalidUsername));

    Streams streams;
    const auto user = streams.read<User>(ann.user_id);
    const Step as_before = [&](Attempt& attempt) -> StepResult {
        auto events = decide(attempt.state(user), UpdateProfile{old, std::nullopt});
        EXPECT_TRUE(events);
        attempt.append(user, *events);
        co_return Result<void, CommandError>{};
    };
    ASSERT_TRUE(test::succeeds(run(node.executor.run(test::caller_of(ann), streams, as_before))));
    EXPECT_TRUE(test::succeeds(ask(login_by_username(old))));
    EXPECT_TRUE(test::succeeds(ask(login_by_username("B\u0555B")))) << "in whatever case";
    update.name = "Bob";
    EXPECT_TRUE(test::succeeds(change()));
    update.username = "bob";
    EXPECT_TRUE(test::succeeds(change()));
    EXPECT_TRUE(test::refused(ask(login_by_username(old)), refusals::kInvalidCredentials));
}

// Neither form tells whether there is such an account: as many hashes are made where there is none.
TEST_F(TextForms, CostAsMuchOfNobodyAsOfSomebody) {
    ASSERT_TRUE(test::succeeds(registered(kAnnsEmail, "ann")));
    for (const char* password : {"wrong but plain ascii", kComposed, kApart, "bad \xFF bytes", "hidden\u200Bword"}) {
        const int of_somebody = hashes_of(login(kAnnsEmail, password));
        EXPECT_EQ(hashes_of(login("nobody@example.com", password)), of_somebody) << password;
        EXPECT_EQ(hashes_of(login_by_username("nobody", password)), of_somebody) << password;
        EXPECT_EQ(of_somebody, password == std::string_view(kApart) ? 2 : 1) << password;
    }
    EXPECT_EQ(hashes_of(login(kAnnsEmail)), 1);
}

TEST_F(TextForms, LetAPasswordBeChangedFromEitherForm) {
    const auto ann = registered(kAnnsEmail, "", kComposed);
    ASSERT_TRUE(test::succeeds(ann));
    const auto grant = ask(login(kAnnsEmail, kApart));
    ASSERT_TRUE(test::succeeds(grant));
    auto change = test::password_change(bearer_of(*grant), kApart, "neuf h\u00E9rons sur Uppsala");
    ASSERT_TRUE(test::succeeds(run(change_password(services(), std::move(change), caller()))));
    EXPECT_TRUE(test::succeeds(ask(login(kAnnsEmail, "neuf he\u0301rons sur Uppsala"))));
}

TEST_F(TextForms, RefuseAPasswordWithItsReason) {
    struct Case {
        const char* password;
        TextFault why;
    };
    constexpr Case kTable[] = {{"seven\therons over Uppsala", TextFault::kControl},
                               {"seven herons over Uppsala\r", TextFault::kControl},
                               {"seven herons\u202E over Uppsala", TextFault::kReorders},
                               {"seven herons \u200Bover Uppsala", TextFault::kHidden},
                               {"seven herons over Uppsala\xFF", TextFault::kNotUtf8}};
    for (const Case& one : kTable) {
        const auto refused = registered(kAnnsEmail, "", one.password);
        ASSERT_TRUE(test::refused(refused, refusals::kPasswordNotText)) << one.password;
        EXPECT_EQ(refused.error().text, one.why);
    }
}

TEST_F(TextForms, AreOneUserName) {
    ASSERT_TRUE(test::succeeds(registered(kAnnsEmail, "Zoe\u0308")));
    for (const char* typed : {"zo\u00EB", "ZO\u00CB", "zoe\u0308", "\uFF3Ao\u00EB"}) {
        EXPECT_TRUE(test::refused(registered("other@example.com", typed), refusals::kUsernameTaken)) << typed;
        EXPECT_TRUE(test::succeeds(ask(login_by_username(typed)))) << typed;
    }
    EXPECT_TRUE(test::succeeds(registered("zoe@example.com", "zoe")));
}

TEST_F(TextForms, AreOneAddressWithBlanksAroundIt) {
    ASSERT_TRUE(test::succeeds(registered(" Ann@example.com\t", "")));
    EXPECT_TRUE(test::refused(registered("ann@example.com ", ""), refusals::kEmailTaken));
    EXPECT_TRUE(test::succeeds(ask(login("\u00A0ann@example.com "))));
}

TEST_F(TextForms, RefuseANameThatHidesOrReordersWithItsReason) {
    auto request = test::registration(kAnnsEmail, "", test::kPassword);
    request.name = "Ann\u200F";
    const auto refused = run(register_user(services(), std::move(request), caller()));
    ASSERT_TRUE(test::refused(refused, refusals::kInvalidName));
    EXPECT_EQ(refused.error().text, TextFault::kReorders);
    const auto username = registered(kAnnsEmail, "p\u0430ypal");
    ASSERT_TRUE(test::refused(username, refusals::kInvalidUsername));
    EXPECT_EQ(username.error().text, TextFault::kMixedScripts);
}

}  // namespace
}  // namespace keyledger::commands
