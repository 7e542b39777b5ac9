#include "app/config/config_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "app/config/config.hpp"
#include "app/config/yaml.hpp"
#include "domain/base/result.hpp"
#include "security/primitives/secret_file.hpp"

namespace keyledger::app {
namespace {

using Kind = YamlNode::Kind;

constexpr std::size_t kMostFaults = 100;  // of a file that is told at once; whoever writes more mends these first

class File {
public:
    explicit File(const std::string& path) : path_(path) {
        fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (fd_ < 0) problem_ = "can't read '" + path + "': " + std::strerror(errno);
        else if (::fstat(fd_, &status_) != 0) problem_ = "can't examine '" + path + "': " + std::strerror(errno);
        else if (!S_ISREG(status_.st_mode)) problem_ = "'" + path + "' is not a regular file";
    }
    ~File() {
        if (fd_ >= 0) ::close(fd_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    const struct stat& status() const { return status_; }
    // One byte more than may be parsed, so that the parser says that it is too long.
    Result<std::string, std::string> read() {
        if (!problem_.empty()) return Unexpected(problem_);
        std::string text(kMaxYamlBytes + 1, '\0');
        std::size_t size = 0;
        while (size < text.size()) {
            const ssize_t count = ::read(fd_, text.data() + size, text.size() - size);
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) return Unexpected("can't read '" + path_ + "': " + std::strerror(errno));
            if (count == 0) break;
            size += static_cast<std::size_t>(count);
        }
        text.resize(size);
        return text;
    }

private:
    const std::string& path_;
    std::string problem_;
    struct stat status_ = {};
    int fd_ = -1;
};

class Reading {
public:
    explicit Reading(ConfigFile& file) : file_(file) {}

    void fault(std::size_t line, const std::string& sentence) {
        file_.faults.push_back("KEYLEDGER_CONFIG_FILE: '" + file_.path + "', line " + std::to_string(line) + ": " +
                               sentence);
    }
    void entry(const std::string& name, const YamlNode& node) {
        std::string_view bare = name;
        const Setting* setting = find_setting(name);
        const bool is_path = setting == nullptr && bare.ends_with("_FILE");
        if (is_path) setting = find_setting(bare.substr(0, bare.size() - 5));
        if (setting == nullptr || (is_path && !setting->may_stand_in_a_file())) return unknown(name, node.line);
        if (setting->is(kEnvironmentOnly))
            return fault(node.line, name + " is taken from the environment alone, for it is needed before this file");
        if (node.kind == Kind::kNothing)
            return fault(node.line, name + " has no value; give one, or leave the line out");
        if (node.kind == Kind::kList && node.items.empty() && !setting->fallback.empty())
            return fault(node.line, name + " is an empty list; leave the line out for its default");
        if (const auto text = text_of(name, is_path ? Form{} : setting->form, node)) {
            if (setting->is(kSecret) && !is_path && !text->empty() && secret_.empty()) secret_ = name;
            file_.entries[name] = {*text, node.line};
        }
    }
    // The first secret that stands in the file itself; empty: none does.
    const std::string& secret() const { return secret_; }

private:
    void unknown(const std::string& name, std::size_t line) {
        if (!is_like_a_name(name)) return fault(line, "there is no such setting; write NAME: value");
        const std::string meant = nearest_setting(name);
        const bool is_one = find_setting(meant) != nullptr;
        fault(line, "there is no setting '" + name + "'" + (is_one ? "; did you mean " + meant + '?' : ""));
    }
    std::optional<std::string> text_of(const std::string& name, const Form& form, const YamlNode& node) {
        if (node.kind == Kind::kScalar) return node.text;
        if (node.kind != Kind::kList || !form.is_list()) {
            fault(node.line,
                  name + (form.is_list() ? " is neither a text nor a list of texts" : " is not a text or number"));
            return std::nullopt;
        }
        std::string joined;
        for (const YamlNode& item : node.items) {
            const bool is_one = item.kind == Kind::kScalar && item.text.find(',') == item.text.npos;
            if (!is_one) fault(item.line, "an item of " + name + " is not a text without ','");
            if (is_one) joined += (joined.empty() ? "" : ",") + item.text;
        }
        return joined;
    }

    ConfigFile& file_;
    std::string secret_;
};

}  // namespace

ConfigFile read_config_file(const std::string& path) {
    ConfigFile read;
    read.path = path;
    const auto give_up = [&](const std::string& sentence) {
        read.faults.push_back("KEYLEDGER_CONFIG_FILE: " + sentence);
        read.is_readable = false;
        return read;
    };
    File file(path);
    const auto text = file.read();
    if (!text) return give_up(text.error());
    const auto document = parse_yaml(*text);
    if (!document) return give_up("'" + path + "', " + document.error());
    const bool is_empty = document->kind == Kind::kNothing;
    if (!is_empty && document->kind != Kind::kMap)
        return give_up("'" + path + "', line " + std::to_string(document->line) +
                       ": this is not a map of names to values; write NAME: value");
    Reading reading(read);
    for (const auto& [name, node] : document->members) {
        if (read.faults.size() >= kMostFaults)
            return give_up("'" + path + "' has more faults than these " + std::to_string(kMostFaults));
        reading.entry(name, node);
    }
    if (reading.secret().empty()) {
        if (const auto unsafe = security::what_is_wrong_with_trusted_file(path, file.status()))
            read.faults.push_back("KEYLEDGER_CONFIG_FILE: " + *unsafe);
    } else if (const auto unsafe = security::what_is_wrong_with_secret_file(path, file.status()))
        read.faults.push_back("KEYLEDGER_CONFIG_FILE: " + *unsafe + " (it holds " + reading.secret() + ")");
    return read;
}

}  // namespace keyledger::app
