#pragma once
// How payloads of older schema versions become those of the next: one specialisation of Upcast for each event whose
// kSchema grew. Included by the codec alone. The golden file of each old version stays, and is read in every test run.
#include "eventstore/aggregates.hpp"
#include "eventstore/codec/codec.hpp"

namespace keyledger::eventstore::codec {

// ---- roles and assignments -------------------------------------------------------------------------------------
// Version 1 knew no denials.
inline void deny_nothing(int version, rapidjson::Document& payload) {
    if (version == 1) add_member(payload, "deny", rapidjson::Value(rapidjson::kArrayType));
}
template <>
struct Upcast<RoleDefined> {
    static void from(int version, rapidjson::Document& payload) { deny_nothing(version, payload); }
};
template <>
struct Upcast<RoleChanged> {
    static void from(int version, rapidjson::Document& payload) { deny_nothing(version, payload); }
};

// Version 1 knew no subjects but users.
inline void name_subject(int version, rapidjson::Document& payload) {
    if (version != 1) return;
    rename_member(payload, "user_id", "subject_id");
    add_member(payload, "subject_type", rapidjson::Value("user"));
}
template <>
struct Upcast<RoleAssigned> {
    static void from(int version, rapidjson::Document& payload) { name_subject(version, payload); }
};
template <>
struct Upcast<RoleWithdrawn> {
    static void from(int version, rapidjson::Document& payload) { name_subject(version, payload); }
};

// ---- log-in attempts -------------------------------------------------------------------------------------------
// Before version 2 nobody noted where from, and before version 3 with what.
inline void name_no_place(int version, rapidjson::Document& payload) {
    add_member(payload, version == 1 ? "network" : "device_id", rapidjson::Value());
}
template <>
struct Upcast<LoginFailed> {
    static void from(int version, rapidjson::Document& payload) { name_no_place(version, payload); }
};
template <>
struct Upcast<LoginFailuresCleared> {
    static void from(int version, rapidjson::Document& payload) { name_no_place(version, payload); }
};

// ---- sessions --------------------------------------------------------------------------------------------------
// Before version 2 nothing was noted of what was proven (it was a password), nor of device and place; before version 3
// no application held one.
template <>
struct Upcast<SessionStarted> {
    static void from(int version, rapidjson::Document& payload) {
        if (version == 2) {
            add_member(payload, "scope", rapidjson::Value(rapidjson::kArrayType));
            add_member(payload, "browser_session_id", rapidjson::Value());
        }
        if (version != 1) return;
        add_member(payload, "methods", rapidjson::Value(rapidjson::kArrayType));
        add_member(payload, "authenticated_at_ms", rapidjson::Value(0));
        for (const auto* unknown : {"device_id", "country", "city"}) add_member(payload, unknown, rapidjson::Value());
        add_member(payload, "risk", rapidjson::Value(0));
    }
};

// ---- second factors --------------------------------------------------------------------------------------------
// Before version 2 what was sealed of a factor went with it.
template <>
struct Upcast<FactorRemoved> {
    static void from(int version, rapidjson::Document& payload) {
        if (version == 1) add_member(payload, "kept_until_ms", rapidjson::Value());
    }
};

// ---- service accounts ------------------------------------------------------------------------------------------
// Before version 2 a key had no name but its thumbprint.
template <>
struct Upcast<ServiceAccountKeyAdded> {
    static void from(int version, rapidjson::Document& payload) {
        if (version == 1) add_member(payload, "kid", rapidjson::Value());
    }
};

// ---- applications ----------------------------------------------------------------------------------------------
// Before version 2 pages showed all of them in the same colours.
inline void color_nothing(int version, rapidjson::Document& payload) {
    if (version != 1) return;
    for (const auto* color : {"accent_color", "accent_color_dark"}) add_member(payload, color, rapidjson::Value());
}
template <>
struct Upcast<ApplicationRegistered> {
    static void from(int version, rapidjson::Document& payload) { color_nothing(version, payload); }
};
template <>
struct Upcast<ApplicationChanged> {
    static void from(int version, rapidjson::Document& payload) { color_nothing(version, payload); }
};

// ---- consents --------------------------------------------------------------------------------------------------
// Before version 2 nobody noted at which resource servers: whoever agreed then is asked where one is wanted.
template <>
struct Upcast<ConsentGiven> {
    static void from(int version, rapidjson::Document& payload) {
        if (version == 1) add_member(payload, "audiences", rapidjson::Value(rapidjson::kArrayType));
    }
};

}  // namespace keyledger::eventstore::codec
