// Every command that takes an Idempotency-Key, repeated after each way of losing the authority for it (I5): whoever may
// no longer give it is refused as with a new key, and whoever still may is told the first outcome.
//
// Scenario of each test: Ann gives a command on one node. Something happens on another node. Ann sends the same request
// again, to the first node, whose memory is of before; and then the same under a new key.
#include "tests/commands/runtime/commands_with_a_key.hpp"

namespace keyledger::commands {
namespace {

// ---- what Ann may lose ---------------------------------------------------------------------------------------------
enum class Bites { kEverybody, kAuthority, kTodos, kTarget };
struct Loss {
    const char* what;
    Bites whom;
    std::function<void(Scene&, const Command&)> happen;
};

void change_password_elsewhere(Scene& s, const Command& command) {
    const bool changed = command.operation == std::string("changePassword");
    const std::string password = changed ? test::kOtherPassword : test::kPassword;
    const Grant fresh = s.world.log_in(s.node, "ann@example.com", password);
    auto change = test::password_change(bearer_of(fresh), password, "a third horse, stapled");
    granted(run(change_password(s.elsewhere(), std::move(change), caller_of(fresh))));
}

std::vector<Loss> losses_of_a_session() {
    return {
        {"disabled", Bites::kEverybody,
         [](Scene& s, const Command&) {
             granted(run(disable_user(s.elsewhere(), s.root(), s.ann, "left", s.by_root())));
         }},
        {"to be erased", Bites::kEverybody,
         [](Scene& s, const Command&) {
             granted(run(request_erasure(s.node.services, s.root(), s.ann, s.by_root())));
         }},
        {"erased", Bites::kEverybody,
         [](Scene& s, const Command&) { granted(run(repeat_erasure(s.elsewhere(), s.ann, test::caller()))); }},
        {"logged out", Bites::kEverybody,
         [](Scene& s, const Command&) { granted(run(log_out(s.elsewhere(), bearer_of(s.anns), caller_of(s.anns)))); }},
        {"session revoked by its client", Bites::kEverybody,
         [](Scene& s, const Command&) {
             granted(run(revoke_token(s.elsewhere(), s.anns.session_id, test::first_party(), test::caller())));
         }},
        {"all sessions ended", Bites::kEverybody,
         [](Scene& s, const Command&) {
             granted(run(revoke_sessions_of(s.elsewhere(), s.root(), s.ann, s.by_root())));
         }},
        {"password changed elsewhere", Bites::kEverybody, change_password_elsewhere},
        {"session expired", Bites::kEverybody,
         [](Scene& s, const Command&) {
             s.clock.advance(s.node.services.settings.lifetimes.absolute + milliseconds(1));
             s.roots = s.world.log_in(s.node, "root@example.com");
         }},
        {"session of somebody else", Bites::kEverybody,
         [](Scene& s, const Command&) { s.anns.session_id = s.bobs.session_id; }},
    };
}

std::vector<Loss> losses_of_authority() {
    return {
        {"role withdrawn from the group", Bites::kAuthority,
         [](Scene& s, const Command&) {
             granted(run(withdraw_role(s.elsewhere(), s.root(), Subject::group(s.outer), s.powers, s.by_root())));
         }},
        {"role deleted", Bites::kAuthority,
         [](Scene& s, const Command&) { granted(run(delete_role(s.elsewhere(), s.root(), s.powers, s.by_root()))); }},
        {"role changed", Bites::kAuthority,
         [](Scene& s, const Command&) {
             RoleDefinition less{"powers", {"keyledger.users:read"}};
             granted(run(change_role(s.elsewhere(), s.root(), s.powers, std::move(less), s.by_root())));
         }},
        {"member of the group no more", Bites::kAuthority,
         [](Scene& s, const Command&) {
             granted(run(remove_member(s.elsewhere(), s.root(), Subject::user(s.ann), s.inner, s.by_root())));
         }},
        {"group deleted", Bites::kAuthority,
         [](Scene& s, const Command&) { granted(run(delete_group(s.elsewhere(), s.root(), s.outer, s.by_root()))); }},
        {"group taken from under the other", Bites::kAuthority,
         [](Scene& s, const Command&) {
             granted(run(unnest_group(s.elsewhere(), s.root(), {s.outer, s.inner}, s.by_root())));
         }},
        {"authenticated too long ago", Bites::kAuthority,
         [](Scene& s, const Command&) {
             s.clock.advance(s.world.accounts.step_up_window + milliseconds(1));
             s.roots = s.world.log_in(s.node, "root@example.com");
         }},
        {"permission withdrawn that the command moves", Bites::kTodos,
         [](Scene& s, const Command&) {
             granted(run(withdraw_role(s.elsewhere(), s.root(), Subject::user(s.ann), s.tasks, s.by_root())));
         }},
        {"denial laid on her", Bites::kTodos,
         [](Scene& s, const Command&) { s.assign(Subject::user(s.ann), s.frozen); }},
        {"target has got what she lacks", Bites::kTarget,
         [](Scene& s, const Command& command) {
             if (command.about) s.assign(command.about(s), s.payroll);
         }},
    };
}

bool bites(const Loss& loss, const Command& command) {
    switch (loss.whom) {
        case Bites::kEverybody: return true;
        case Bites::kAuthority: return command.of == Of::kAuthority || command.of == Of::kTodos;
        case Bites::kTodos: return command.of == Of::kTodos;
        case Bites::kTarget: return static_cast<bool>(command.about);
    }
    return false;
}

// ---- the tests -----------------------------------------------------------------------------------------------------
Caller under_key(const Grant& who, std::uint8_t key) {
    Caller caller = caller_of(who);
    caller.idempotency = test::caller_with_key(key).idempotency;
    return caller;
}

bool is_about_authority(RefusalRef refusal) {
    return refusal == refusals::kInvalidToken || refusal == refusals::kForbidden ||
           refusal == refusals::kExceedsAuthority || refusal == refusals::kPasswordNotRecent;
}

class RepeatedCommand : public testing::TestWithParam<Command> {};

// The first time.
Receipt first_outcome(Scene& scene, const Command& command) {
    if (command.before) command.before(scene);
    const Receipt first = granted(command.give(scene, bearer_of(scene.anns), under_key(scene.anns, 1)));
    EXPECT_GT(first.position, 0) << "it must change something, or there is nothing to repeat";
    EXPECT_FALSE(first.repeated);
    return first;
}

TEST_P(RepeatedCommand, IsAnsweredWithTheFirstOutcomeWhereAuthorityIsIntact) {
    const Command& command = GetParam();
    Scene scene;
    const Receipt first = first_outcome(scene, command);
    const Position head = scene.world.head();
    const int hashes = scene.world.hasher.hashed + scene.world.hasher.verified;
    const Given again = command.give(scene, bearer_of(scene.anns), under_key(scene.anns, 1));
    if (command.of == Of::kOwnAndEnd) {
        EXPECT_TRUE(test::refused(again, refusals::kInvalidToken)) << "it ended the session that asks";
    } else {
        ASSERT_TRUE(test::succeeds(again));
        EXPECT_EQ(again->position, first.position);
        EXPECT_TRUE(again->repeated);
    }
    EXPECT_EQ(scene.world.head(), head) << "nothing is written";
    EXPECT_EQ(scene.world.hasher.hashed + scene.world.hasher.verified, hashes) << "and no password is hashed";
    if (command.of == Of::kOwnAndEnd) return;
    Caller other_request = under_key(scene.anns, 1);
    other_request.idempotency->fingerprint.fill(9);
    EXPECT_TRUE(
        test::refused(command.give(scene, bearer_of(scene.anns), other_request), refusals::kIdempotencyMismatch));
}

TEST_P(RepeatedCommand, IsRefusedAsANewOneAfterEachLossOfAuthority) {
    const Command& command = GetParam();
    std::vector<Loss> losses = losses_of_a_session();
    if (command.of == Of::kOwnAndEnd) losses.clear();  // it loses its session by itself
    const auto of_authority = losses_of_authority();
    if (command.of == Of::kAuthority || command.of == Of::kTodos)
        losses.insert(losses.end(), of_authority.begin(), of_authority.end());
    for (const Loss& loss : losses) {
        SCOPED_TRACE(loss.what);
        Scene scene;
        const Receipt first = first_outcome(scene, command);
        loss.happen(scene, command);
        const Position head = scene.world.head();
        const Given again = command.give(scene, bearer_of(scene.anns), under_key(scene.anns, 1));
        EXPECT_EQ(scene.world.head(), head) << "nothing is written";
        const Given anew = command.give(scene, bearer_of(scene.anns), under_key(scene.anns, 2));
        const bool lost = !anew && is_about_authority(anew.error().refusal);
        EXPECT_TRUE(lost || !bites(loss, command)) << "the loss must be one";
        if (lost) {
            EXPECT_TRUE(test::refused(again, anew.error().refusal));
        } else {
            ASSERT_TRUE(test::succeeds(again));
            EXPECT_EQ(again->position, first.position);
            EXPECT_TRUE(again->repeated);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Every, RepeatedCommand, testing::ValuesIn(all_commands()),
                         [](const auto& info) { return std::string(info.param.operation); });

TEST(RepeatedCommands, AreAllThatTakeAKey) {
    const test::OpenApi document(api::openapi_document());
    std::set<std::string> tested{"createUsers"};  // is createUser, once a line
    for (const Command& command : all_commands()) tested.insert(command.operation);
    for (const std::string& operation : document.repeatable())
        EXPECT_TRUE(tested.contains(operation)) << operation << " takes an Idempotency-Key: give it a row above";
    for (const std::string& operation : tested)
        EXPECT_TRUE(document.repeatable().contains(operation)) << operation << " takes none: remove its row";
}

}  // namespace
}  // namespace keyledger::commands
