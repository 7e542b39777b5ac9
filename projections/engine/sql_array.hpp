#pragma once
// Columns as PostgreSQL array literals, so that one statement carries a whole batch through unnest().
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "domain/base/time.hpp"
#include "domain/base/uuid.hpp"

namespace keyledger::projections {

class SqlArray {
public:
    void add(std::string_view value) {
        separate();
        text_ += '"';
        for (char c : value) {
            // No text of PostgreSQL can hold it, and the literal would end here.
            if (c == '\0') throw std::invalid_argument("a value holds U+0000");
            if (c == '"' || c == '\\') text_ += '\\';
            text_ += c;
        }
        text_ += '"';
    }
    void add(const char* value) { add(std::string_view(value)); }
    void add(const std::string& value) { add(std::string_view(value)); }
    void add(std::int64_t value) { add_bare(std::to_string(value)); }
    void add(std::int32_t value) { add_bare(std::to_string(value)); }
    void add(Instant value) { add(value.ms()); }
    void add(bool value) { add_bare(value ? "t" : "f"); }
    void add(const Uuid& value) { add_bare(value.to_string()); }
    template <class T>
    void add(const std::optional<T>& value) {
        value ? add(*value) : add_bare("NULL");
    }

    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    std::string literal() const { return size_ == 0 ? "{}" : text_ + '}'; }

private:
    void separate() { text_ += size_++ == 0 ? '{' : ','; }
    void add_bare(std::string_view value) {
        separate();
        text_ += value;
    }
    std::string text_;
    std::size_t size_ = 0;
};

}  // namespace keyledger::projections
