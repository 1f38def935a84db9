#include "server/core/setup/account_export.h"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/text.h"
#include "proto/ns_portable.h"
#include "proto/xml.h"
#include "proto/xml_writer.h"
#include "server/core/accounts/account_directory.h"
#include "server/core/context.h"
#include "server/core/events/export_events.h"
#include "server/core/setup/remote_call.h"
#include "server/runtime/event_bus.h"
#include "server/runtime/shard.h"
#include "storage/storage.h"

namespace clarion::core {

namespace {

constexpr Logger logger{"accounts"};
/// A piece ends with the page that makes it larger than this.
constexpr std::size_t piece_bytes = 256u << 10;

using Parts = std::vector<events::ExportPart>;

std::string attribute(std::string_view name, std::string_view value) {
    std::string text = " " + std::string(name) + "='";
    xml::escape(text, value);
    return text + "'";
}

std::string head_of(const Jid& account) {
    return "<?xml version='1.0' encoding='UTF-8'?>\n<server-data" +
           attribute("xmlns", ns::portable) + "><host" + attribute("jid", account.domain()) +
           "><user" + attribute("name", account.local()) + ">\n";
}

constexpr std::string_view tail = "</user></host></server-data>\n";

void write_scram(std::string& out, std::string_view mechanism,
                 const std::optional<sasl::ScramCredentials>& credentials) {
    if (!credentials) return;
    xml::Document document("scram-credentials", ns::portable_scram);
    xml::Element& root = document.root();
    root.set_attr("mechanism", mechanism);
    root.add_text_child("iter-count", std::to_string(credentials->iterations));
    root.add_text_child("salt", base64_encode(credentials->salt));
    root.add_text_child("server-key", base64_encode(credentials->server_key));
    root.add_text_child("stored-key", base64_encode(credentials->stored_key));
    xml::write(out, root, ns::portable);
    out += '\n';
}

Task<Result<std::string>> scram_of(Context& home, std::string jid) {
    const auto record = co_await home.storage().accounts().find(std::move(jid));
    if (!record) co_return record.error();
    std::string xml;
    if (!*record) co_return xml;
    write_scram(xml, "SCRAM-SHA-256", (*record)->credentials.sha256);
    write_scram(xml, "SCRAM-SHA-1", (*record)->credentials.sha1);
    co_return xml;
}

/// What comes before the parts.
Task<Result<std::string>> begin(Context& home, Jid account, Credentials credentials) {
    (void)co_await home.shard().committed();  // what its clients have just set
    std::string xml = head_of(account);
    if (credentials == Credentials::left_out) co_return xml;
    const auto scram = co_await scram_of(home, std::string(account.bare()));
    if (!scram) co_return scram.error();
    co_return xml + *scram;
}

/// "PART AFTER".
struct Place {
    std::size_t part = 0;  // its index
    std::string after;
};

std::string text_of(const Parts& parts, const Place& place) {
    return std::string(parts[place.part].name) + ' ' + place.after;
}

Result<Place> place_of(const Parts& parts, std::string_view at) {
    if (at.empty()) return Place{};
    const std::size_t space = std::min(at.find(' '), at.size());
    const auto part = std::find_if(parts.begin(), parts.end(), [&](const events::ExportPart& each) {
        return each.name == at.substr(0, space);
    });
    if (part == parts.end() || space == at.size())
        return fail(error_code::usage, "there is no such place in an export");
    return Place{static_cast<std::size_t>(part - parts.begin()), std::string(at.substr(space + 1))};
}

/// Pages from there on, until it is a piece.
Task<Result<ExportPiece>> read_on(Account& account, const Parts& parts, Place place,
                                  std::string xml) {
    while (place.part < parts.size() && xml.size() < piece_bytes) {
        auto page = co_await parts[place.part].read(account, std::move(place.after));
        if (!page) co_return page.error();
        xml += page->xml;
        place.after = std::move(page->next);
        if (place.after.empty()) ++place.part;
    }
    ExportPiece piece;
    if (place.part < parts.size())
        piece.next = text_of(parts, place);
    else
        xml += tail;
    piece.xml = std::move(xml);
    co_return piece;
}

Task<Result<ExportPiece>> read_at_home(Context& home, Jid account, std::string at,
                                       Credentials credentials) {
    std::string name(account.bare());
    auto pin = co_await home.accounts().load(std::move(name));
    if (!pin) co_return pin.error();
    Parts parts;
    home.bus().fire(events::AccountExporting{**pin, parts});
    auto place = place_of(parts, at);
    if (!place) co_return place.error();
    std::string xml;
    if (at.empty()) {
        auto begun = co_await begin(home, account, credentials);
        if (!begun) co_return begun.error();
        xml = std::move(*begun);
    }
    auto piece = co_await read_on(**pin, parts, std::move(*place), std::move(xml));
    // What was read of an account that left this shard may be of what is no more.
    if (!pin->alive()) co_return fail(error_code::moved);
    co_return piece;
}

class ExportFeed final : public HttpFeed {
public:
    ExportFeed(Context& here, Jid account, Credentials credentials)
        : here_(here), account_(std::move(account)), credentials_(credentials) {}

    Task<std::string> next() override {
        auto piece = co_await export_piece(here_, account_, at_, credentials_);
        if (!piece) {
            logger.warning("export-failed",
                           {{"account", account_.bare()}, {"error", piece.error().text}});
            end_ = End::broken;
            co_return std::string();
        }
        at_ = std::move(piece->next);
        if (at_.empty()) end_ = End::reached;
        co_return std::move(piece->xml);
    }
    End end() const override { return end_; }

private:
    Context& here_;
    Jid account_;
    Credentials credentials_;
    std::string at_;
    End end_ = End::ahead;
};

}  // namespace

Task<Result<ExportPiece>> export_piece(Context& here, Jid account, std::string at,
                                       Credentials credentials) {
    const std::function<Task<Result<ExportPiece>>(Context&)> work = [&](Context& home) {
        return read_at_home(home, account, at, credentials);
    };
    std::string name(account.bare());
    co_return co_await ask_at_home<ExportPiece>(here, std::move(name), work);
}

std::unique_ptr<HttpFeed> export_account(Context& here, Jid account, Credentials credentials) {
    return std::make_unique<ExportFeed>(here, std::move(account), credentials);
}

}  // namespace clarion::core
