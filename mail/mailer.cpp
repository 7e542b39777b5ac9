#include "mail/mailer.hpp"

#include <algorithm>
#include <stdexcept>

#include "mail/message/address.hpp"
#include "mail/message/encodings.hpp"
#include "mail/message/message.hpp"
#include "mail/message/shown.hpp"

namespace keyledger::mail {
namespace {

std::string host_of(const std::string& address) { return address.substr(address.rfind('@') + 1); }

MailerOptions checked(MailerOptions options, const Templates& templates) {
    if (const auto faults = check_mailer_options(options, templates); !faults.empty())
        throw std::invalid_argument("mail: " + std::string(faults.front().option) + ": " + faults.front().sentence);
    options.from_address = *smtp_address(options.from_address);
    options.smtp.greet_with = host_of(options.from_address);
    return options;
}

}  // namespace

std::vector<OptionFault> check_mailer_options(const MailerOptions& options, const Templates& templates) {
    std::vector<OptionFault> faults = check_smtp_options(options.smtp);
    const auto from = smtp_address(options.from_address);
    if (!from || !is_ascii(*from))
        faults.push_back({"from_address", "give an address such as accounts@example.com, in ASCII before its '@'"});
    const std::string& name = options.from_name;
    if (name.empty() || name.size() > kMostHeaderTextBytes || !is_one_line(name))
        faults.push_back({"from_name", "give a name of one line"});
    const auto tags = templates.languages();
    if (std::ranges::find(tags, options.default_language) == tags.end())
        faults.push_back({"default_language", "there are no texts in '" + options.default_language + "'"});
    return faults;
}

Mailer::Mailer(MailerOptions options, Templates templates)
    : options_(checked(std::move(options), templates)),
      host_(host_of(options_.from_address)),
      templates_(std::move(templates)),
      sender_(std::move(options_.smtp)) {}

boost::asio::awaitable<Delivery> Mailer::send(Mail mail, Deadline deadline) {
    auto envelope = compose(mail);
    if (!envelope) co_return Delivery::refused(envelope.error());
    co_return co_await sender_.send(std::move(*envelope), deadline);
}

Result<Envelope, std::string> Mailer::compose(const Mail& mail) const {
    const auto to = smtp_address(mail.address);
    if (!to) return Unexpected(std::string(code_of(MessageFlaw::kTo)));
    const std::string language = templates_.look_up(mail.languages, options_.default_language);
    const auto rendered = templates_.render(mail.kind, language, options_.from_name, mail.name, mail.facts);
    if (!rendered) return Unexpected("lacks-" + std::string(rendered.error().name));
    Message message;
    message.from_name = options_.from_name;
    message.from_address = options_.from_address;
    message.to_name = shown_name(mail.name);
    message.to_address = *to;
    message.subject = rendered->subject;
    message.text = rendered->text;
    message.html = rendered->html;
    message.language = rendered->language;
    message.id = mail.id;
    message.id_host = host_;
    message.date = mail.date;
    auto written = write_message(message);
    if (!written) return Unexpected(std::string(code_of(written.error())));
    return Envelope{options_.from_address, *to, std::move(*written)};
}

}  // namespace keyledger::mail
