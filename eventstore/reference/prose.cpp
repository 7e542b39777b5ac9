#include "eventstore/reference/prose.hpp"

namespace keyledger::eventstore::reference {
namespace {

StreamProse users() {
    return {
        "user",
        "Users",
        "One a user; the stream's id is the user's.",
        {{"user.registered",
          "Somebody is a user from now on, and active.",
          {{"email", "as typed"},
           {"username", "as typed; `null` if none was chosen"},
           {"name", "`null` if none was given"}}},
         {"user.password_set",
          "The first password. The log holds no credential, only what it must be equal to.",
          {{"credential_id", "of the row in `credentials`"},
           {"sealed_sha256", "SHA-256 (hex) of the sealed hash; log-in refuses any other"}}},
         {"user.password_changed",
          "Ends every session that began before it, except the one it keeps.",
          {{"credential_id", "of the row in `credentials`"},
           {"sealed_sha256", "SHA-256 (hex) of the new sealed hash"},
           {"kept_session", "the session that goes on, or `null`"}}},
         {"user.password_hash_renewed",
          "The same password, hashed anew at a log-in because the parameters grew. Ends nothing.",
          {{"credential_id", "of the row in `credentials`"},
           {"sealed_sha256", "SHA-256 (hex) of the new sealed hash"}}},
         {"user.profile_updated",
          "The whole profile as it is from now on: what is `null` was taken away.",
          {{"username", "the user name, if there is one"}, {"name", "the name, if there is one"}}},
         {"user.disabled",
          "An administrator locked the user out. Ends every session that began before it.",
          {{"reason", "possibly empty. In the clear: nothing personal belongs here"}}},
         {"user.enabled", "The user may log in again. His earlier sessions stay ended.", {}},
         {"user.sessions_revoked",
          "Ends every session that began before it, except the one it keeps. There is no `session.ended` for "
          "each: whoever asks about a session reads its user too.",
          {{"kept_session", "the session that goes on, or `null`"}}},
         {"user.made_administrator",
          "Of before there were roles, and never written any more: `serve` gives such a user the administrator's role.",
          {}},
         {"user.erasure_requested",
          "He, or an administrator, asked for his erasure. Ends every session that began before it. Until it "
          "is "
          "due he can log in and take it back.",
          {{"due_at_ms", "when it is to be carried out: at once, or at the end of a grace period"}}},
         {"user.erasure_withdrawn", "The request was taken back.", {}},
         {"user.erased",
          "The last of its stream. His key was destroyed together with this event, and his claims and "
          "credentials "
          "removed: every personal field of his reads as `null` from now on, here and in every copy of the "
          "log. "
          "Ends every session. Whoever keeps data about him has to remove it now.",
          {}}}};
}

StreamProse sessions() {
    return {"session",
            "Sessions",
            "One a log-in; the stream's id is the session's. In Kafka these events have the user as their "
            "subject.",
            {{"session.started",
              "Somebody logged in. The refresh token that he got is of generation 1.",
              {{"user_id", "whose session it is"},
               {"client_id", "the client that holds it"},
               {"audiences", "the resource servers its access tokens were asked for, or the issuer"},
               {"security_stamp", "how often the user's sessions had been ended together"},
               {"device", "a keyed digest of what the client said of itself: recognises, tells nothing"},
               {"expires_at_ms", "when it ends at the latest"}}},
             {"session.refreshed",
              "New tokens were handed out, and the refresh tokens of earlier generations are not good any more.",
              {{"generation", "of the refresh token that is good from now on"},
               {"device", "a keyed digest of what the client said of itself"}}},
             {"session.refresh_refused",
              "A refresh token of a generation that was never handed out was presented: somebody forges, and so "
              "has "
              "a sealing key. The session goes on.",
              {{"presented_generation", "what the token said"}}},
             {"session.ended",
              "The session is over, and all its tokens with it.",
              {{"reason", "`refresh_token_reused` is a stolen token, or a client that lost track"}}}}};
}

StreamProse login_attempts() {
    return {
        "login_attempts",
        "Log-in attempts",
        "One a user, with an id derived from the user's; and one for each sum of attempts that concern no account. "
        "What was typed is never recorded.",
        {{"login.failed",
          "Somebody did not get in. Recorded also when a logged-in user types a wrong current password.",
          {{"user_id", "whose name was typed, or `null` if nobody has it"},
           {"reason", "`too_many_failures`: nobody was let in from there, whatever the password was"},
           {"network", "a keyed digest of the user and of the network that it came from: two users at one place have "
                       "different ones. `null`: of nobody, or recorded by an older version"}}},
         {"login.failures_cleared",
          "A good log-in after failed ones: counting starts anew.",
          {{"user_id", "who logged in"},
           {"network", "from where, as in `login.failed`: the pauses of other networks go on. `null`: recorded by "
                       "an older version, and all are over"}}},
         {"login.network_seen",
          "A good log-in from a network that was not known yet, or not for some days. What others do wrong "
          "elsewhere does not lock the user out of it.",
          {{"user_id", "who logged in"}, {"network", "from where, as in `login.failed`"}}},
         {"login.unlocked",
          "An administrator, or whoever runs the service, let the user try again from everywhere.",
          {{"user_id", "who may try again"}}},
         {"login.failures_summed",
          "Failed log-ins that concern no account, of one network (an address in IPv4, a /64 in IPv6), as one node "
          "counted them in about a minute: the name is nobody's, or the account could not be tried from there. The "
          "network stands in the envelope as `client_address`; where that is `null`, they came from several.",
          {{"reason", "`unknown_user`"},
           {"count", "how many"},
           {"from_ms", "when counting began"},
           {"before_ms", "when it ended"}}}}};
}

StreamProse anonymous_callers() {
    return {"anonymous_callers",
            "Anonymous callers",
            "One a day (UTC); the stream's id is derived from the day. The addresses and agents of callers "
            "who are no "
            "users (anonymous, clients) are sealed under a key of the day.",
            {{"anonymous_callers.erased",
              "The day's key was destroyed together with this event, a configured time after the day. What "
              "the day's "
              "anonymous callers left in any envelope reads as `null` from then on.",
              {{"from_ms", "the day's beginning"}, {"before_ms", "its end"}}}}};
}

StreamProse roles() {
    return {"role",
            "Roles",
            "One a role; the stream's id is the role's. The administrator's role has the same id in every log, "
            "`6b65796c-6564-8065-8072-6f6c65000001`. In Kafka these events have the role as their subject.",
            {{"role.defined",
              "There is a role of this name from now on, which nobody has yet.",
              {{"name", "unique without regard to case"},
               {"permissions",
                "what it allows, sorted: `resource:action`, `resource/instance:action`; `*` stands for every "
                "resource or action; `@own` behind it: only what is the subject's own"},
               {"kind", "`built_in`: neither changed nor deleted"},
               {"deny", "what it denies, in the same words; a denial wins. Version 1 had none"}}},
             {"role.changed",
              "The whole role as it is from now on, for everybody who has it.",
              {{"name", "unique without regard to case"},
               {"permissions", "what it allows, sorted"},
               {"deny", "what it denies, sorted. Version 1 had none"}}},
             {"role.deleted", "It grants nothing any more to whoever has it; no `role.withdrawn` follows.", {}}}};
}

StreamProse assignments() {
    return {
        "assignments",
        "Assignments",
        "One a user, group or service account; the stream's id is the subject's with the version nibble 8 in "
        "place of 7. In Kafka these events have the subject as theirs. Version 1 of both events had "
        "`user_id` in "
        "place of `subject_type` and `subject_id`.",
        {{"role.assigned",
          "The subject has the role from now on.",
          {{"subject_id", "who has it"}, {"role_id", "which role"}, {"subject_type", "what the subject is"}}},
         {"role.withdrawn",
          "It has it no more. Also recorded, when the next role is assigned, of roles that were deleted.",
          {{"subject_id", "who had it"}, {"role_id", "which role"}, {"subject_type", "what the subject is"}}},
         {"group.member_added",
          "The subject is in the group from now on, and has the roles of the group and of all above it.",
          {{"subject_id", "who is in it"},
           {"group_id", "which group"},
           {"subject_type", "what the subject is: `user` or `service_account`"}}},
         {"group.member_removed",
          "It is in it no more. Also recorded, when it is added to the next group, of groups that were "
          "deleted, and when "
          "a user is erased or a service account is deleted, with that event.",
          {{"subject_id", "who was in it"}, {"group_id", "which group"}, {"subject_type", "what the subject is"}}}}};
}

StreamProse groups() {
    return {"group",
            "Groups",
            "One a group; the stream's id is the group's. `1890da4a-9342-538d-9991-739cb9baada4` is `everyone`: every "
            "registered user is in it, and no event says so. In Kafka these events have the group as their subject.",
            {{"group.defined",
              "There is a group of this name from now on, in which nobody is.",
              {{"name", "unique without regard to case"}}},
             {"group.renamed", "It is called so from now on.", {{"name", "unique without regard to case"}}},
             {"group.deleted",
              "It grants nothing any more: its roles and its places under and above others end with the same "
              "append. No "
              "`group.member_removed` follows.",
              {}}}};
}

StreamProse nestings() {
    return {"nestings",
            "Nestings",
            "One in each log, for all groups: whoever is in a group is in those above it too, and has their "
            "roles. There "
            "is no cycle. In Kafka these events have the lower group as their subject.",
            {{"group.nested",
              "The one group stands under the other from now on.",
              {{"parent_id", "the upper group"}, {"child_id", "the lower group"}}},
             {"group.unnested",
              "It does so no more.",
              {{"parent_id", "the upper group"}, {"child_id", "the lower group"}}}}};
}

StreamProse administrators() {
    return {"administrators",
            "Administrators",
            "One in each log: the active users who have the administrator's role. It says nothing that "
            "`role.assigned`, `role.withdrawn`, `user.disabled` and `user.enabled` do not say; it is there "
            "so that the "
            "last of them can't leave. In Kafka these events have the user as their subject.",
            {{"administrators.joined",
              "An active user got the role, or one who has it was enabled.",
              {{"user_id", "who is one from now on"}}},
             {"administrators.left", "He lost the role, or was disabled.", {{"user_id", "who was one"}}}}};
}

StreamProse service_accounts() {
    return {"service_account",
            "Service accounts",
            "One a service account; the stream's id is its client id. In Kafka these events have it as their "
            "subject.",
            {{"service_account.registered",
              "There is a service account from now on, enabled, which has nothing to authenticate with yet.",
              {{"name", "unique without regard to case. In the clear: nothing personal belongs here"},
               {"audiences", "the resource servers that it may ask tokens for (RFC 8707), beside the issuer"}}},
             {"service_account.changed",
              "The whole account as it is from now on.",
              {{"name", "unique without regard to case"}, {"audiences", "the resource servers, sorted"}}},
             {"service_account.secret_added",
              "It authenticates with this secret from now on, too. The log holds no secret and no digest of one, "
              "only "
              "what the stored value must be equal to.",
              {{"secret_id", "of the row in `credentials`"},
               {"sealed_sha256", "SHA-256 (hex) of the sealed digest; any other is refused"}}},
             {"service_account.secret_removed",
              "The secret is not good any more, nor is any token that it earned.",
              {{"secret_id", "of the row in `credentials`, which went with this event"}}},
             {"service_account.key_added",
              "It authenticates with assertions under this key from now on, too (RFC 7523).",
              {{"key_id", "its thumbprint (RFC 7638)"},
               {"algorithm", "the only one that its signatures may be of"},
               {"public_key", "its public members, as a JWK"},
               {"kid", "that it was registered with (RFC 7517), beside its thumbprint; none before schema 2"}}},
             {"service_account.key_removed",
              "The key is not good any more, nor is any token that it earned.",
              {{"key_id", "its thumbprint"}}},
             {"service_account.disabled", "It gets no token any more, and those that it has are over for good.", {}},
             {"service_account.enabled", "It may get tokens again. The earlier ones stay ended.", {}},
             {"service_account.deleted",
              "The last of its stream. Its secrets and the key that sealed them are destroyed together with this "
              "event; "
              "its tokens are over, and its roles grant nothing to anybody. It leaves its groups: a "
              "`group.member_removed` of each follows in the same append.",
              {}}}};
}

StreamProse log() {
    return {"log",
            "The log itself",
            "One in each log: what it says of its own events. In Kafka these events have the stream as their subject.",
            {{"log.mac_key_added",
              "Events that follow may be authenticated by another key of the keyring.",
              {{"key_id", "as `keyledger keys list` shows it"}}},
             {"log.mac_key_closed",
              "Nothing behind that position is authenticated by this key any more.",
              {{"key_id", "as `keyledger keys list` shows it"}, {"last_position", "up to where it counts"}}},
             {"log.disavowed",
              "The record at that position was not written by the service. It keeps its position and its place in its "
              "stream, and means nothing; in Kafka `log.record_disavowed` stands there.",
              {{"position", "of the record"}, {"leaf_hash", "SHA-256 (hex) that is stored with it"}}}}};
}

StreamProse service_tokens() {
    return {
        "service_token",
        "Service tokens",
        "One an access token that a service account earned for itself; the stream's id is the token's `jti`. Where a "
        "signed assertion earned it, the id is a UUID of version 8 that follows from the account and the assertion's "
        "`jti`, so that none is good twice. In Kafka these events have the account as their subject.",
        {{"service_token.issued",
          "A service logged in.",
          {{"service_account_id", "whose token it is"},
           {"audiences", "the resource servers that it is for, or the issuer"},
           {"scope", "the permissions that were asked for and granted, sorted"},
           {"credential", "what it authenticated with: the id of a secret, or of a key"},
           {"expires_at_ms", "when it ends at the latest"}}},
         {"service_token.revoked", "The token is not good any more.", {{"service_account_id", "whose token it was"}}},
         {"service_token.assertion_used",
          "An assertion was presented to introspect or to revoke: it is not good a second time.",
          {{"service_account_id", "who authenticated"}, {"credential", "the id of the key"}}}}};
}

}  // namespace

const std::vector<StreamProse>& streams() {
    static const std::vector<StreamProse> kAll{
        users(),    sessions(),       login_attempts(),   roles(),          assignments(),       groups(),
        nestings(), administrators(), service_accounts(), service_tokens(), anonymous_callers(), log()};
    return kAll;
}

const std::vector<FieldProse>& envelope() {
    static const std::vector<FieldProse> kFields{
        {"occurred_at_ms", "when it was decided, by the clock of the node that did"},
        {"actor_type", "who did it; `system` is the command line"},
        {"actor_id", "the user's id or the client's; empty for `anonymous` and `system`"},
        {"command_id", "of the command that brought it about, or of its first event; one for all events of a command"},
        {"correlation_id", "of everything that one request set off"},
        {"causation_id", "the command or event that caused it"},
        {"request_id", "`X-Request-Id` of the request; what is no letter, digit, `.`, `_` or `-` is `_`"},
        {"traceparent", "W3C trace context of the request"},
        {"session_id", "the session in which the actor acted, or `null`"},
        {"client_address", "the address that the request came from"},
        {"user_agent", "`User-Agent` of the request"},
        {"device", "what the client calls its device"}};
    return kFields;
}

}  // namespace keyledger::eventstore::reference
