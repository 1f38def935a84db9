#include "modules/registration/invitations/invitations.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "modules/registration/account_maker.h"
#include "modules/registration/guess.h"
#include "modules/registration/invitations/befriending.h"
#include "modules/registration/invitations/book.h"
#include "modules/registration/invitations/links.h"
#include "modules/registration/invitations/options.h"
#include "server/core/accounts/account_registry.h"
#include "server/core/accounts/administrators.h"
#include "server/core/http/http_routes.h"
#include "server/runtime/scope.h"
#include "server/runtime/shard.h"
#include "server/runtime/signal.h"
#include "storage/storage.h"

namespace clarion::registration::invitations {

using core::Context;
using Late = OpenInvitations::Late;

namespace {

constexpr Logger logger{"invitations"};
constexpr std::uint32_t most_uses = 100000;

Task<Result<std::optional<storage::AccountRecord>>> find_account(Context& here, std::string bare) {
    return here.storage().accounts().find(std::move(bare));
}

// ---- To make one -------------------------------------------------------------------------------

/// A link to somebody's account is good for no longer than the options say, whatever is wished.
Duration lifetime(Context& here, const Wish& wish) {
    const auto& options = here.options<InvitationOptions>(wish.host);
    const bool wished = wish.expires_after > Duration::zero();
    if (wish.kind == Kind::reset)
        return wished ? std::min(wish.expires_after, options.reset_expire_after)
                      : options.reset_expire_after;
    return wished ? wish.expires_after : options.expire_after;
}

/// Whether there is an account of that name, where it must be, or must not.
Task<Result<>> check_account(Context& here, const Wish& wish) {
    if (wish.account.empty()) {
        if (wish.kind != Kind::reset) co_return Result<>{};
        co_return fail(error_code::not_acceptable, "whose password?");
    }
    auto jid = Jid::make(wish.account, wish.host);
    if (!jid || jid->local() != wish.account)
        co_return fail(error_code::not_acceptable, "this cannot be the name of an account");
    if (wish.kind == Kind::account &&
        core::is_named_administrator(here.config(), here.domains(), *jid))
        co_return fail(error_code::conflict,
                       "the configuration makes this name an administrator: the account is made "
                       "with `clarionctl user add`");
    const auto found = co_await find_account(here, jid->full());
    if (!found) co_return found.error();
    if (wish.kind == Kind::reset && !*found)
        co_return fail(error_code::item_not_found, "there is no such account");
    if (wish.kind != Kind::reset && *found)
        co_return fail(error_code::conflict, "there is such an account already");
    co_return Result<>{};
}

}  // namespace

Task<Wish> wish_of_user(Context& here, Jid user) {
    Wish wish{.kind = Kind::contact};
    wish.host = user.domain();
    wish.inviter = user.bare();
    wish.befriends = true;
    const auto& options = here.options<InvitationOptions>(user.domain());
    wish.registers = options.users_may_invite_accounts;
    if (!wish.registers || options.newcomers_wait == Duration::zero()) co_return wish;
    const Duration wait = options.newcomers_wait;
    const bool is_administrator = co_await core::administers(here, user, wish.host);
    if (is_administrator) co_return wish;  // of a server that was set up today, too
    const auto found = co_await find_account(here, wish.inviter);
    wish.registers = found && *found && here.clock().wall() - (*found)->created >= wait;
    co_return wish;
}

Task<Result<Created>> create(Context& here, Wish wish, std::string by) {
    const Result<> possible = co_await check_account(here, wish);
    if (!possible) co_return possible.error();
    const bool once = wish.kind == Kind::reset || !wish.account.empty();
    const LastingTime now = here.clock().lasting();
    Created created;
    created.invitation = {.kind = wish.kind,
                          .inviter = wish.inviter,
                          .account = wish.account,
                          .befriends = wish.befriends && !wish.inviter.empty(),
                          .registers = wish.registers && wish.kind != Kind::reset,
                          .created = now,
                          .expires = now + lifetime(here, wish),
                          .most_uses = once ? 1 : std::clamp(wish.most_uses, 1u, most_uses)};
    created.token = make_token();
    const std::string key = key_of_token(created.token);
    const std::function<Task<Result<>>(Book&)> work = [&](Book& book) {
        return book.add(wish.host, key, created.invitation);
    };
    const Result<> added = co_await at_book<void>(here, wish.host, work);
    if (!added) co_return added.error();
    created.id = id_of_key(key);
    created.uri = uri_of(created.invitation, wish.host, created.token);
    created.url = landing_url(here.http_routes().base_url(here.config(), wish.host), wish.host,
                              created.token);
    created.expires = here.clock().on_calendar(created.invitation.expires);
    logger.info("created", {{"id", created.id},
                            {"kind", name_of(wish.kind)},
                            {"host", wish.host},
                            {"account", wish.account},
                            {"inviter", wish.inviter},
                            {"by", by}});
    co_return created;
}

Task<Result<std::vector<Listed>>> list(Context& here, std::string host) {
    const std::function<Task<Result<std::vector<Listed>>>(Book&)> work = [&host](Book& book) {
        return book.list(host);
    };
    co_return co_await at_book<std::vector<Listed>>(here, host, work);
}

Task<Result<Listed>> revoke(Context& here, std::string host, std::string id, std::string by) {
    const std::function<Task<Result<Listed>>(Book&)> work = [&](Book& book) {
        return book.revoke(host, id);
    };
    auto revoked = co_await at_book<Listed>(here, host, work);
    if (revoked) logger.info("revoked", {{"id", revoked->id}, {"host", host}, {"by", by}});
    co_return revoked;
}

// ---- With a token ------------------------------------------------------------------------------

namespace {

Task<Result<Invitation>> find(Context& here, std::string host, std::string key) {
    const std::function<Task<Result<Invitation>>(Book&)> work = [&](Book& book) {
        return book.find(host, key);
    };
    co_return co_await at_book<Invitation>(here, host, work);
}

Result<> check_any_purpose(const Invitation& invitation) {
    const bool reset = invitation.kind == Kind::reset;
    return check_purpose(invitation, reset ? Purpose::reset : Purpose::register_);
}

using Fits = Result<> (*)(const Invitation&);

/// An open invitation that fits, or a wrong guess.
Task<Result<Invitation>> find_guessed(Context& here, Presented presented, Fits fits) {
    Guess guess(here, presented.host, presented.network);
    const Result<> admitted = co_await guess.begin();
    if (!admitted) co_return admitted.error();
    auto found = co_await find(here, presented.host, key_of_token(presented.token));
    if (found) {
        const Result<> fitting = fits(*found);
        if (!fitting) found = fitting.error();
    }
    if (!found && found.error().is(error_code::item_not_found)) co_await guess.was_wrong();
    co_return found;
}

/// One that may be presented by who has no account.
Task<Result<Invitation>> find_presented(Context& here, Presented presented) {
    return find_guessed(here, std::move(presented), check_any_purpose);
}

/// Whoever invited them can log in still, or it is worth nothing.
Task<Result<>> check_inviter(Context& here, const Invitation& invitation) {
    if (invitation.inviter.empty()) co_return Result<>{};
    const auto found = co_await find_account(here, invitation.inviter);
    if (!found) co_return found.error();
    if (*found && !(*found)->disabled) co_return Result<>{};
    co_return fail(error_code::item_not_found, "who invited you has no account any more");
}

struct Use {
    std::string key;
    Late late = Late::no;
    std::optional<Purpose> purpose{};  // nothing: as the invitation has it
    Jid jid;
    std::string password;
    std::string network;
};

Task<Result<>> set_password(Context& here, const Use& use) {
    const std::function<Task<Result<>>(Context&)> work = [&use](Context& home) {
        return home.account_registry().set_password(use.jid, use.password);
    };
    co_return co_await core::ask_at_home<void>(here, use.jid.full(), work);
}

/// Who may invite has no more accounts made for that than others may make.
Task<Result<>> make_for_user(Context& here, const Use& use, const Invitation& invitation) {
    const std::string host(use.jid.domain()), inviter = invitation.inviter;
    const std::function<Task<Result<>>(Book&)> admit = [&](Book& book) {
        return book.admit_newcomer(host, inviter);
    };
    const Result<> admitted = co_await at_book<void>(here, host, admit);
    if (!admitted) co_return admitted;
    Newcomer newcomer{use.jid, use.password, use.network, events::Invited::by_user, false};
    const Result<> made = co_await make_account(here, std::move(newcomer));
    if (made) co_return made;
    const std::function<Task<Result<>>(Book&)> excuse = [&](Book& book) {
        return book.excuse_newcomer(inviter);
    };
    (void)co_await at_book<void>(here, host, excuse);
    co_return made;
}

/// A use is taken. Whether it counts.
Task<Result<>> carry_out(Context& here, const Use& use, const Invitation& invitation) {
    Result<> fits =
        use.purpose ? check_purpose(invitation, *use.purpose) : check_any_purpose(invitation);
    if (fits) fits = check_name(invitation, use.jid.local());
    if (fits) fits = co_await check_inviter(here, invitation);
    if (!fits) co_return fits;
    if (invitation.kind == Kind::reset) co_return co_await set_password(here, use);
    if (invitation.kind == Kind::contact) co_return co_await make_for_user(here, use, invitation);
    Newcomer newcomer{use.jid, use.password, use.network, events::Invited::by_host,
                      !invitation.account.empty()};
    co_return co_await make_account(here, std::move(newcomer));
}

Task<Result<>> settle(Context& here, std::string host, std::string key, bool counts) {
    const std::function<Task<Result<>>(Book&)> work = [&](Book& book) {
        return counts ? book.finish(host, key) : book.give_back(host, key);
    };
    co_return co_await at_book<void>(here, host, work);
}

/// The account is there, or its password is set, whatever becomes of the rest.
Task<Result<>> use_up(Context& here, const Use& use) {
    const std::string host(use.jid.domain());
    const std::function<Task<Result<Invitation>>(Book&)> work = [&](Book& book) {
        return book.begin(host, use.key, use.late);
    };
    const auto begun = co_await at_book<Invitation>(here, host, work);
    if (!begun) co_return begun.error();
    const Result<> done = co_await carry_out(here, use, *begun);
    const Result<> settled = co_await settle(here, host, use.key, done.ok());
    if (!settled)
        logger.error("not-settled", {{"id", id_of_key(use.key)}, {"error", settled.error().text}});
    if (!done) co_return done;
    logger.info("used", {{"id", id_of_key(use.key)},
                         {"kind", name_of(begun->kind)},
                         {"account", use.jid.full()},
                         {"inviter", begun->inviter},
                         {"network", use.network}});
    if (begun->kind != Kind::reset && begun->befriends)
        co_await befriend(here, Jid::trusted(begun->inviter), use.jid);
    co_return done;
}

struct Outcome {
    Result<> result = fail("internal-server-error", "it was not finished");
    bool over = false;
    core::Signal changed{};
};

Task<> use_up(Context& here, Use use, std::shared_ptr<Outcome> outcome) {
    struct AtEnd {
        Outcome& what;
        ~AtEnd() {
            what.over = true;
            what.changed.notify();
        }
    } const at_end{*outcome};
    const Result<> done = co_await use_up(here, use);
    outcome->result = done;
}

/// To its end, also if who waits for it goes: what was begun is finished or given back.
Task<Result<>> accept(Context& here, Use use) {
    const auto outcome = std::make_shared<Outcome>();
    if (!here.scope().spawn("invited", use_up(here, std::move(use), outcome)))
        co_return fail("service-unavailable", "the server is stopping");
    while (!outcome->over) co_await outcome->changed.wait(here.shard());
    co_return outcome->result;
}

/// Errors: "not-acceptable": that is no name.
Result<Jid> account_of(std::string_view name, std::string_view host) {
    if (name.empty()) return fail(error_code::not_acceptable, "a name is needed");
    auto jid = Jid::make(name, host);
    if (!jid) return fail(error_code::not_acceptable, jid.error().text);
    return jid;
}

Task<Result<Jid>> accept(Context& here, Presented presented, Purpose purpose, Jid jid,
                         std::string password) {
    const auto found = co_await find_presented(here, presented);
    if (!found) co_return found.error();
    Use use{key_of_token(presented.token), Late::no,         purpose, jid,
            std::move(password),           presented.network};
    const Result<> done = co_await accept(here, std::move(use));
    if (!done) co_return done.error();
    co_return jid;
}

}  // namespace

Task<Result<Shown>> look_up(Context& here, Presented presented) {
    const auto any = [](const Invitation&) { return Result<>(); };
    const auto found = co_await find_guessed(here, presented, any);
    if (!found) co_return found.error();
    co_return Shown{found->kind,    presented.host,   found->inviter,
                    found->account, found->registers, here.clock().on_calendar(found->expires)};
}

Task<Result<bool>> is_name_free(Context& here, Presented presented, std::string name) {
    const auto found = co_await find_presented(here, presented);
    if (!found) co_return found.error();
    auto jid = account_of(name, presented.host);
    if (!jid) co_return jid.error();
    if (!check_name(*found, jid->local())) co_return false;
    if (!found->account.empty()) co_return true;
    // Which names are taken is as hard to find out as a password, with an invitation too.
    Guess guess(here, presented.host, presented.network);
    const Result<> admitted = co_await guess.begin();
    if (!admitted) co_return admitted.error();
    const auto free = co_await is_free(here, *jid);
    if (free && !*free) co_await guess.was_wrong();
    co_return free;
}

Task<Result<Jid>> register_account(Context& here, Presented presented, std::string name,
                                   std::string password) {
    auto jid = account_of(name, presented.host);
    if (!jid) co_return jid.error();
    co_return co_await accept(here, std::move(presented), Purpose::register_, std::move(*jid),
                              std::move(password));
}

Task<Result<Jid>> reset_password(Context& here, Presented presented, std::string password) {
    const auto found = co_await find_presented(here, presented);
    if (!found) co_return found.error();
    auto jid = Jid::make(found->account, presented.host);
    if (!jid) co_return fail(error_code::item_not_found, jid.error().text);
    co_return co_await accept(here, std::move(presented), Purpose::reset, std::move(*jid),
                              std::move(password));
}

// ---- For the other parts of registration -------------------------------------------------------

Task<Result<>> accept_presented(Context& here, Acceptance acceptance) {
    Use use{std::move(acceptance.key),
            Late::yes,
            {},
            std::move(acceptance.jid),
            std::move(acceptance.password),
            std::move(acceptance.network)};
    co_return co_await accept(here, std::move(use));
}

Task<Result<std::string>> check_presented(Context& here, Presented presented) {
    const auto found = co_await find_presented(here, presented);
    if (!found) co_return found.error();
    co_return key_of_token(presented.token);
}

Task<Result<bool>> is_reserved(Context& here, Jid jid) {
    const std::string host(jid.domain());
    const std::function<Task<Result<bool>>(Book&)> work = [&](Book& book) {
        return book.reserves(host, std::string(jid.local()));
    };
    const auto reserved = co_await at_book<bool>(here, host, work);
    if (!reserved && reserved.error().is(error_code::item_not_found)) co_return false;
    co_return reserved;
}

}  // namespace clarion::registration::invitations
