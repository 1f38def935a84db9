#include "proto/xml_parser_pool.h"

#include <random>

namespace clarion::xml {

namespace {

/// How many of those that rest longest are asked: who stands in the middle of a stanza keeps his.
constexpr int askable = 8;

}  // namespace

ParserPool::ParserPool(std::size_t max_kept, std::size_t max_lent)
    : impl_(std::make_unique<Impl>()) {
    std::random_device random;
    impl_->max_kept = max_kept;
    impl_->max_lent = max_lent;
    impl_->salt = (std::uint64_t{random()} << 32) | random();
}

ParserPool::~ParserPool() = default;
std::size_t ParserPool::kept() const { return impl_->kept.size(); }
std::size_t ParserPool::lent() const { return impl_->lent.size(); }

std::unique_ptr<Machine> ParserPool::Impl::acquire(Borrower& borrower, XmlEvents& events) {
    if (kept.empty() && lent.size() >= max_lent) reclaim();
    std::unique_ptr<Machine> machine;
    if (kept.empty()) {
        machine = std::make_unique<Machine>();
    } else {
        machine = std::move(kept.back());
        kept.pop_back();
    }
    salt += 0x9e3779b97f4a7c15;  // no two parsers share one, whatever is learned about another
    machine->parser.prepare(events, salt);
    touch(borrower);
    return machine;
}

void ParserPool::Impl::release(Borrower& borrower, std::unique_ptr<Machine> machine) {
    forget(borrower);
    if (kept.size() >= max_kept || machine->parser.lifetime() > parser_lifetime) return;
    machine->builder.clear();
    kept.push_back(std::move(machine));
}

void ParserPool::Impl::touch(Borrower& borrower) {
    if (borrower.place_) {
        lent.splice(lent.end(), lent, *borrower.place_);
    } else {
        borrower.place_ = lent.insert(lent.end(), &borrower);
    }
}

void ParserPool::Impl::forget(Borrower& borrower) {
    if (borrower.place_) lent.erase(*borrower.place_);
    borrower.place_.reset();
}

void ParserPool::Impl::reclaim() {
    int asked = 0;
    for (auto at = lent.begin(); at != lent.end() && asked < askable; ++asked) {
        Borrower* const longest = *at++;
        if (longest->redeliver()) return;
    }
}

}  // namespace clarion::xml
