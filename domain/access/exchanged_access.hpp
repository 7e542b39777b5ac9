#pragma once
// What there is to know of a user's token that exchanges gave (RFC 8693): its user and their session, and of each
// exchange the service account and the token that it got, the newest first. All as of one position of the log. Pure.
#include <vector>

#include "domain/access/subject_access.hpp"

namespace keyledger {

struct ExchangedAccess {
    SubjectAccess user;
    std::vector<ServiceAccess> exchanges;  // without applications
};

}  // namespace keyledger
