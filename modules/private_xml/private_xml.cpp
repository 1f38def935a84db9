#include "modules/private_xml/private_xml.h"

#include <utility>
#include <variant>
#include <vector>

#include "base/text.h"
#include "modules/private_xml/document.h"
#include "proto/ns.h"
#include "server/core/accounts/account.h"
#include "server/core/events/export_events.h"
#include "server/runtime/shard.h"

namespace clarion::private_xml {

using core::IqAnswer;
using core::IqRequest;
using core::IqTarget;
using Condition = StanzaErrorCondition;

Result<> check_entry(storage::DataKind, std::string_view key, std::string_view value) {
    return check_document(key, value);
}

namespace {

/// Of an export.
constexpr std::size_t page_bytes = 128u << 10;

class PrivateXml {
public:
    explicit PrivateXml(core::ModuleSetup& setup)
        : context_(setup.context()), documents_(setup.stored_data()) {}

    Task<IqAnswer> get(IqRequest request) const {
        const xml::Element* wanted = request.payload().first_child();
        if (!wanted || !is_document(*wanted))
            co_return StanzaError(Condition::not_acceptable, "a document is missing");
        if (wanted->next_sibling())
            co_return StanzaError(Condition::bad_request, "one document at a time");
        (void)co_await context_.shard().committed();  // what this client has just set
        const auto stored = co_await documents_.get(request.account->id(), document_key(*wanted));
        if (!stored) co_return to_stanza_error(stored.error());
        auto answer = make_result(*request.stanza);
        xml::Element& query = answer->root().add("query", ns::private_);
        if (!stored->has_value()) {
            query.add(wanted->name(), wanted->ns());
            co_return answer;
        }
        const auto text = decode_document(**stored);
        if (!text) co_return StanzaError(Condition::internal_server_error);
        query.add_raw(*text);
        co_return answer;
    }

    Task<IqAnswer> set(IqRequest request) const {
        const auto& options = context_.options<PrivateXmlOptions>(request.host);
        const DocumentLimits limits{static_cast<std::size_t>(options.max_document_size),
                                    static_cast<std::size_t>(options.max_documents)};
        auto read = read_documents(request.payload(), limits);
        if (const auto* refused = std::get_if<StanzaError>(&read)) co_return *refused;
        const auto documents = std::get<std::vector<Document>>(std::move(read));
        const storage::OwnerId owner = request.account->id();
        (void)co_await context_.shard().committed();  // so that the last set is counted
        auto used = co_await usage_with(owner, documents);
        if (!used) co_return to_stanza_error(used.error());
        if (used->entries > static_cast<std::uint64_t>(options.max_documents) ||
            used->bytes > static_cast<std::uint64_t>(options.max_bytes))
            co_return StanzaError(Condition::resource_constraint, "too much is kept");
        for (const Document& document : documents) put(owner, document);
        const auto kept = co_await context_.shard().committed();
        if (!kept) co_return to_stanza_error(kept.error());
        co_return make_result(*request.stanza);
    }

    void on_exporting(events::AccountExporting& event) const {
        const auto read = [this](core::Account& account, std::string after) {
            return write(account.id(), std::move(after));
        };
        event.parts.push_back({"private_xml", read});
    }

private:
    /// Of an export: a page of <query/>, behind the document with that key, which is in base64.
    Task<Result<events::ExportPage>> write(storage::OwnerId owner, std::string after) const {
        const bool first = after.empty();
        const auto key = base64url_decode(after);
        if (!key) co_return fail(error_code::usage, "there is no such place");
        storage::DataQuery query;
        query.after = *key;
        query.max_bytes = page_bytes;
        const auto found = co_await documents_.read(owner, std::move(query));
        if (!found) co_return found.error();
        events::ExportPage page;
        if (first && found->entries.empty()) co_return page;
        if (first) page.xml = "<query xmlns='" + std::string(ns::private_) + "'>";
        for (const auto& entry : found->entries) {
            const auto document = decode_document(entry.value);
            if (!document) co_return document.error();
            page.xml += *document + '\n';
        }
        if (found->complete)
            page.xml += "</query>\n";
        else
            page.next = base64url_encode(found->entries.back().key);
        co_return page;
    }

    /// What the account would keep with these documents. What gets smaller is always allowed: then
    /// it is nothing.
    Task<Result<storage::DataUsage>> usage_with(storage::OwnerId owner,
                                                const std::vector<Document>& documents) const {
        const auto before = co_await documents_.usage(owner);
        if (!before) co_return before.error();
        storage::DataUsage after = *before;
        for (const Document& document : documents) {
            const auto old = co_await documents_.get(owner, document.key);
            if (!old) co_return old.error();
            if (old->has_value()) {
                --after.entries;
                after.bytes -= document.key.size() + (*old)->size();
            }
            if (document.xml.empty()) continue;
            ++after.entries;
            after.bytes += document.key.size() + encode_document(document.xml).size();
        }
        if (after.entries <= before->entries && after.bytes <= before->bytes)
            co_return storage::DataUsage{};
        co_return after;
    }

    void put(storage::OwnerId owner, const Document& document) const {
        if (document.xml.empty()) return documents_.remove(owner, document.key);
        documents_.put_uncounted(owner, document.key, encode_document(document.xml));
    }

    core::Context& context_;
    core::StoredSpace documents_;
};

/// To anybody but the owner, whether there is an account or not.
IqAnswer refuse(IqRequest&) { return StanzaError(Condition::forbidden); }

}  // namespace

void PrivateXmlOptions::declare(OptionTable<PrivateXmlOptions>& t) {
    t.section("private_xml", "Documents that clients keep for themselves (XEP-0049).")
        .per_host()
        .live();
    t.add("max_document_size", &PrivateXmlOptions::max_document_size)
        .min(0)
        .max(16 << 20)
        .unit("bytes")
        .doc("A larger document is refused with policy-violation.");
    t.add("max_documents", &PrivateXmlOptions::max_documents)
        .min(0)
        .max(100000)
        .doc("Documents of one account. One more is refused with resource-constraint.");
    t.add("max_bytes", &PrivateXmlOptions::max_bytes)
        .min(0)
        .unit("bytes")
        .doc(
            "All documents of one account. What would take more is refused with "
            "resource-constraint.");
}

void declare_options(OptionRegistry& registry) { registry.add<PrivateXmlOptions>(); }

void install(core::ModuleSetup& setup) {
    const PrivateXml& self = setup.state<PrivateXml>(setup);
    setup.host_feature(ns::private_);
    setup.account_feature(ns::private_);
    setup.serve_async(IqTarget::account, StanzaType::get, ns::private_, "query",
                      [&self](IqRequest request) { return self.get(std::move(request)); });
    setup.serve_async(IqTarget::account, StanzaType::set, ns::private_, "query",
                      [&self](IqRequest request) { return self.set(std::move(request)); });
    setup.on(events::AccountExporting::Stage::add, self, &PrivateXml::on_exporting);
    for (const auto type : {StanzaType::get, StanzaType::set})
        setup.serve(IqTarget::hidden, type, ns::private_, "query", refuse);
}

}  // namespace clarion::private_xml
