#pragma once
// Which origins have pages of applications (ADR 42), for CORS. Memory: about 100 bytes an origin, and an application
// has kMaxRedirectUris of them at most. Threads: none of its own, as AccessState.
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "domain/applications/application.hpp"

namespace keyledger::projections {

class PageOrigins {
public:
    // An application that was as `before` is as `now`; nullptr: there is none.
    void change(const Application* before, const Application* now);
    // nullopt: nobody's. kFirstParty: a first-party application's, whoever else's it is.
    std::optional<ConsentRule> find(std::string_view origin) const;
    std::size_t size() const { return counts_.size(); }

private:
    struct Count {
        std::size_t applications = 0;
        std::size_t first_party = 0;  // of them
    };
    std::map<std::string, Count, std::less<>> counts_;
};

}  // namespace keyledger::projections
