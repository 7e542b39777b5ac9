#include "app/config/yaml.hpp"

#include <yaml.h>

#include <algorithm>
#include <memory>
#include <set>
#include <stdexcept>

#include "domain/base/plain_text.hpp"

namespace keyledger::app {
namespace {

struct Wrong : std::runtime_error {
    Wrong(std::size_t line, const std::string& what)
        : std::runtime_error("line " + std::to_string(line) + ": " + what) {}
};

class Parser {
public:
    explicit Parser(std::string_view text) : text_(text) {
        if (yaml_parser_initialize(&parser_) == 0) throw std::bad_alloc();
        yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
    }
    ~Parser() { yaml_parser_delete(&parser_); }
    Parser(const Parser&) = delete;
    Parser& operator=(const Parser&) = delete;

    YamlNode document() {
        expect(YAML_STREAM_START_EVENT);
        Event first = next();
        if (first->type == YAML_STREAM_END_EVENT) return {};
        YamlNode root = node(next(), 0);
        expect(YAML_DOCUMENT_END_EVENT);
        Event last = next();
        if (last->type != YAML_STREAM_END_EVENT) throw Wrong(line_of(*last), "one document is read, here is another");
        return root;
    }

private:
    struct Delete {
        void operator()(yaml_event_t* event) const {
            yaml_event_delete(event);
            delete event;
        }
    };
    using Event = std::unique_ptr<yaml_event_t, Delete>;

    static std::size_t line_of(const yaml_event_t& event) { return event.start_mark.line + 1; }

    Event next() {
        Event event(new yaml_event_t{});
        if (yaml_parser_parse(&parser_, event.get()) != 0) return event;
        const char* problem = parser_.problem != nullptr ? parser_.problem : "it can't be read";
        throw Wrong(line_of_problem(), problem);
    }
    // Of bytes that are no text libyaml knows the offset alone.
    std::size_t line_of_problem() const {
        if (parser_.error != YAML_READER_ERROR) return parser_.problem_mark.line + 1;
        const std::string_view before = text_.substr(0, parser_.problem_offset);
        return static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')) + 1;
    }
    void expect(yaml_event_type_t type) {
        const Event event = next();
        if (event->type != type) throw Wrong(line_of(*event), "something unexpected");
    }

    YamlNode node(Event event, std::size_t depth) {
        const std::size_t line = line_of(*event);
        if (++nodes_ > kMaxYamlNodes) throw Wrong(line, "more than " + std::to_string(kMaxYamlNodes) + " values");
        if (depth > kMaxYamlDepth) throw Wrong(line, "nested more than " + std::to_string(kMaxYamlDepth) + " deep");
        if (event->type == YAML_SCALAR_EVENT) return scalar(*event);
        if (event->type == YAML_SEQUENCE_START_EVENT) {
            refuse_extras(line, event->data.sequence_start.anchor, event->data.sequence_start.tag);
            return list(line, depth);
        }
        if (event->type == YAML_MAPPING_START_EVENT) {
            refuse_extras(line, event->data.mapping_start.anchor, event->data.mapping_start.tag);
            return map(line, depth);
        }
        throw Wrong(line, "aliases are not read; write it out");
    }
    static void refuse_extras(std::size_t line, const yaml_char_t* anchor, const yaml_char_t* tag) {
        if (anchor != nullptr) throw Wrong(line, "anchors are not read; write it out");
        if (tag != nullptr) throw Wrong(line, "tags are not read");
    }
    static YamlNode scalar(const yaml_event_t& event) {
        const auto& from = event.data.scalar;
        refuse_extras(line_of(event), from.anchor, from.tag);
        YamlNode made;
        made.line = line_of(event);
        made.text.assign(reinterpret_cast<const char*>(from.value), from.length);
        made.is_quoted = from.style != YAML_PLAIN_SCALAR_STYLE;
        if (made.text.find('\0') != made.text.npos) throw Wrong(made.line, "a text holds U+0000");
        const bool nothing = !made.is_quoted && (made.text.empty() || made.text == "~" || made.text == "null");
        made.kind = nothing ? YamlNode::Kind::kNothing : YamlNode::Kind::kScalar;
        return made;
    }
    YamlNode list(std::size_t line, std::size_t depth) {
        YamlNode made;
        made.kind = YamlNode::Kind::kList;
        made.line = line;
        for (Event event = next(); event->type != YAML_SEQUENCE_END_EVENT; event = next())
            made.items.push_back(node(std::move(event), depth + 1));
        return made;
    }
    YamlNode map(std::size_t line, std::size_t depth) {
        YamlNode made;
        made.kind = YamlNode::Kind::kMap;
        made.line = line;
        std::set<std::string> names;
        for (Event event = next(); event->type != YAML_MAPPING_END_EVENT; event = next()) {
            YamlNode name = node(std::move(event), depth + 1);
            if (name.kind != YamlNode::Kind::kScalar) throw Wrong(name.line, "a member needs a name");
            if (!names.insert(name.text).second)
                throw Wrong(name.line,
                            (is_like_a_name(name.text) ? "'" + name.text + "'" : "a name") + " is given twice");
            made.members.emplace_back(std::move(name.text), node(next(), depth + 1));
        }
        return made;
    }

    const std::string_view text_;
    yaml_parser_t parser_{};
    std::size_t nodes_ = 0;
};

}  // namespace

bool is_like_a_name(std::string_view text) {
    const auto is_fine = [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
               c == '.';
    };
    return text.size() <= 64 && std::ranges::all_of(text, is_fine);
}

Result<YamlNode, std::string> parse_yaml(std::string_view text) {
    if (text.size() > kMaxYamlBytes)
        return Unexpected("line 1: the file is larger than " + std::to_string(kMaxYamlBytes) + " bytes");
    try {
        return Parser(text).document();
    } catch (const Wrong& wrong) {
        return Unexpected(std::string(wrong.what()));
    }
}

}  // namespace keyledger::app
