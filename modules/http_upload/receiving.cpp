#include "modules/http_upload/receiving.h"

#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "modules/http_upload/content.h"
#include "server/runtime/scope.h"
#include "server/runtime/shard.h"
#include "storage/storage.h"

namespace clarion::http_upload {

namespace {

using core::Context;
using core::http_text;
using core::HttpReceipt;
using core::HttpRequest;
using core::HttpResponse;

constexpr Logger logger{"http-upload"};

/// An upload that has begun.
struct Upload {
    Uploads& self;
    Slot slot;
    storage::OwnerId owner = storage::OwnerId::none;
    std::shared_ptr<const FileStore> store;
    FileDescriptor file;  // locked as long as it is open
    LastingTime until{};

    Context& context() const { return self.context(); }
};

HttpResponse answer_to(const Error& error) {
    if (error.is(no_space)) return http_text(507, "There is no room for the file.");
    if (error.is(error_code::conflict)) return http_text(409, "The slot was used already.");
    if (error.is(slot_gone)) return http_text(410, "The slot is not valid any more.");
    if (error.is("forbidden") || error.is(error_code::item_not_found))
        return http_text(403, "The account may not upload files.");
    return http_text(500, "The file cannot be stored.");
}

/// Nothing of it stays, and its account has again what it was promised.
Task<> undo(Upload upload) {
    counts().failed.add();
    co_await upload.context().shard().offload(
        [&] { upload.store->remove(upload.owner, upload.slot.id); }, upload.slot.account);
    upload.file.reset();
    AtHome release = [slot = upload.slot](Uploads& there, core::Account& account) -> Result<> {
        there.ledger().release(account, slot.id, there.options(slot.domain));
        return {};
    };
    const auto released =
        co_await change_at_home(upload.context(), upload.slot.account, std::move(release));
    if (!released)
        logger.warning("not-released",
                       {{"account", upload.slot.account}, {"error", released.error().text}});
}

class Incoming final : public core::HttpBodySink {
public:
    explicit Incoming(Upload upload) : upload_(std::move(upload)) {}
    ~Incoming() override {
        if (ended_) return;
        Context& context = upload_.context();
        context.scope().spawn("upload-broken-off", undo(std::move(upload_)));
    }

    Task<std::optional<HttpResponse>> write(std::string_view piece) override {
        if (received_ + piece.size() > upload_.slot.size)
            co_return co_await give_up(413, "The file is longer than its slot says.");
        if (upload_.context().clock().lasting() > upload_.until)
            co_return co_await give_up(408, "The upload has taken too long.");
        Result<> written = fail("internal-server-error");
        co_await upload_.context().shard().offload(
            [&] { written = FileStore::write(upload_.file, received_, piece); },
            upload_.slot.account);
        if (!written) co_return co_await fail_with(written.error());
        received_ += piece.size();
        counts().bytes.add(piece.size());
        co_return std::nullopt;
    }

    Task<HttpResponse> finish() override {
        if (received_ != upload_.slot.size)
            co_return co_await give_up(400, "The file is shorter than its slot says.");
        FileRecord record = describe();
        const FileHead head{upload_.owner, record};
        Result<> published = fail("internal-server-error");
        co_await upload_.context().shard().offload(
            [&] { published = upload_.store->publish(upload_.file, upload_.slot.id, head); },
            upload_.slot.account);
        if (!published) co_return co_await fail_with(published.error());
        AtHome keep = [slot = upload_.slot, record](Uploads& there, core::Account& account) {
            return there.ledger().keep(account, slot, record);
        };
        const auto kept =
            co_await change_at_home(upload_.context(), upload_.slot.account, std::move(keep));
        if (!kept) co_return co_await fail_with(kept.error());
        ended_ = true;
        upload_.file.reset();
        counts().files.add();
        logger.info("uploaded", {{"account", upload_.slot.account}, {"bytes", received_}});
        co_return http_text(201, "The file is there.");
    }

private:
    FileRecord describe() const {
        return {.name = upload_.slot.name,
                .type = upload_.slot.type,
                .size = upload_.slot.size,
                .purpose = upload_.slot.purpose,
                .uploaded = upload_.context().clock().wall(),
                .expire_before = upload_.slot.expire_before};
    }
    /// `error` lasts as long as this.
    Task<HttpResponse> fail_with(const Error& error) {
        logger.warning("upload-failed", {{"account", upload_.slot.account}, {"error", error.text}});
        ended_ = true;
        co_await undo(std::move(upload_));
        co_return answer_to(error);
    }
    Task<HttpResponse> give_up(unsigned status, std::string_view why) {
        ended_ = true;
        co_await undo(std::move(upload_));
        co_return http_text(status, why);
    }

    Upload upload_;
    std::uint64_t received_ = 0;
    bool ended_ = false;
};

/// From the slot that is open to a file that can be written.
Task<Result<>> begin(Upload& upload) {
    AtHome note = [&upload](Uploads& there, core::Account& account) -> Result<> {
        const UploadOptions& options = there.options(upload.slot.domain);
        auto begun = there.ledger().begin(account, upload.slot, options);
        if (begun) upload.owner = account.id();
        return begun;
    };
    auto begun = co_await change_at_home(upload.context(), upload.slot.account, std::move(note));
    if (!begun) co_return begun;
    Result<FileDescriptor> file = fail("internal-server-error");
    co_await upload.context().shard().offload(
        [&] { file = upload.store->create(upload.owner, upload.slot.id, upload.slot.size); },
        upload.slot.account);
    if (!file) {
        const Error why = file.error();
        logger.warning("upload-not-begun", {{"account", upload.slot.account}, {"error", why.text}});
        co_await undo(std::move(upload));
        co_return why;
    }
    upload.file = std::move(*file);
    co_return Result<>{};
}

}  // namespace

std::optional<HttpResponse> find_fault(const Slot& slot, const HttpRequest& request,
                                       LastingTime now) {
    const auto path = parse_path(request.path);
    if (!path || path->id != slot.id || path->name != slot.name)
        return http_text(403, "The slot is for another address.");
    if (now >= slot.ends) return http_text(410, "The slot is not valid any more.");
    if (!request.length) return http_text(411, "Content-Length is needed.");
    if (*request.length > slot.size)
        return http_text(413, "The file is longer than its slot says.");
    if (*request.length < slot.size)
        return http_text(400, "The file is shorter than its slot says.");
    if (slot.type.empty() || !request.has("Content-Type")) return std::nullopt;
    if (media_type(request.field("Content-Type")) != slot.type)
        return http_text(415, "The file is of another type than its slot says.");
    return std::nullopt;
}

Task<HttpReceipt> receive(Uploads& self, HttpRequest request) {
    auto slot = read_authorization(request.field("Authorization"), self.key());
    if (!slot) co_return http_text(403, "A slot is needed, in the field Authorization.");
    const LastingTime now = self.context().clock().lasting();
    if (auto fault = find_fault(*slot, request, now)) co_return std::move(*fault);
    if (slot->type.empty())  // the client says it only now
        slot->type = media_type(request.field("Content-Type")).value_or(std::string());
    const UploadOptions& options = self.options(slot->domain);
    auto store = self.store_of(slot->domain);
    Upload upload{.self = self,
                  .slot = std::move(*slot),
                  .store = std::move(store),
                  .file = {},
                  .until = now + options.max_upload_time};
    const auto begun = co_await begin(upload);
    if (!begun) co_return answer_to(begun.error());
    co_return std::make_unique<Incoming>(std::move(upload));
}

}  // namespace clarion::http_upload
