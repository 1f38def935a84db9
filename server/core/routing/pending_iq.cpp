#include "server/core/routing/pending_iq.h"

#include <unordered_map>

#include "base/id.h"
#include "base/text.h"
#include "server/core/context.h"
#include "server/core/options.h"
#include "server/core/routing/router.h"
#include "server/runtime/shard.h"

namespace clarion::core {

struct PendingIqs::Impl {
    /// Who waits for answers, and for how many.
    using Askers = std::unordered_map<std::string, std::size_t, TextHash, std::equal_to<>>;

    struct Waiting {
        Waiting(Askers::value_type& who, std::string jid, Answered fn)
            : asker(who), asked(std::move(jid)), answered(std::move(fn)) {}

        Askers::value_type& asker;
        std::string asked;  // the JID that may answer
        Answered answered;
        TimerId timer{};
    };
    explicit Impl(Context& c) : context(c) {}

    Context& context;
    Askers askers;
    std::unordered_map<std::string, Waiting, TextHash, std::equal_to<>> waiting;

    void finish(std::string_view id, const Stanza* answer, bool local) {
        auto node = waiting.extract(waiting.find(id));
        context.shard().cancel(node.mapped().timer);
        Askers::value_type& asker = node.mapped().asker;
        if (--asker.second == 0) askers.erase(askers.find(asker.first));
        node.mapped().answered(answer, local);
    }
};

PendingIqs::PendingIqs(Context& context) : impl_(std::make_unique<Impl>(context)) {}
PendingIqs::~PendingIqs() = default;

void PendingIqs::send(std::string_view asker, std::shared_ptr<Stanza> request, Duration timeout,
                      Answered answered) {
    Impl::Askers::value_type& of = *impl_->askers.try_emplace(std::string(asker), 0).first;
    const auto most = impl_->context.options<LimitsOptions>().max_requests_of_asker;
    if (most > 0 && of.second >= static_cast<std::size_t>(most)) {
        impl_->context.shard().after(Duration::zero(), [unasked = std::move(answered)]() mutable {
            unasked(nullptr, false);
        });
        return;
    }
    ++of.second;
    std::string id =
        random_token(15) + '-' + std::to_string(PartitionSet::index(partition_of(asker)));
    request->root().set_attr("id", id);
    const auto added =
        impl_->waiting.try_emplace(std::move(id), of, request->to().full(), std::move(answered))
            .first;
    // The key stays where it is for as long as the timer may fire.
    added->second.timer = impl_->context.shard().after(
        timeout, [this, key = &added->first] { impl_->finish(*key, nullptr, false); });
    impl_->context.router().route(std::move(request));
}

bool PendingIqs::on_answer(const Stanza& answer, bool local) {
    const auto at = impl_->waiting.find(answer.id());
    if (at == impl_->waiting.end() || at->second.asked != answer.from().full()) return false;
    impl_->finish(answer.id(), &answer, local);
    return true;
}

std::optional<Partition> PendingIqs::asker_of(std::string_view id) {
    const auto dash = id.rfind('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const auto number = parse_int(id.substr(dash + 1));
    if (!number || *number < 0 || *number >= static_cast<std::int64_t>(partition_count))
        return std::nullopt;
    return Partition{static_cast<std::uint16_t>(*number)};
}

std::size_t PendingIqs::size() const { return impl_->waiting.size(); }

}  // namespace clarion::core
