// What is said to many: elements that differ in one attribute of their root. All else they share, in
// memory and as the text that is written.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "proto/xml.h"

namespace clarion::xml {

/// What such elements have in common. Immutable; may cross threads.
class SharedContent {
public:
    /// Nothing of `whole` may be changed any more. `own`: the attribute that each has for itself.
    SharedContent(std::shared_ptr<const Document> whole, std::string_view own);
    SharedContent(const SharedContent&) = delete;
    SharedContent& operator=(const SharedContent&) = delete;

    /// What it keeps in memory.
    std::size_t footprint() const;

private:
    friend class Document;
    friend class SharedRoot;
    std::shared_ptr<const Document> whole_;
    Arena arena_;  // of the other attributes, whose texts are those of `whole_`
    std::string own_;
    std::string written_;
    Element root_;
};

/// The root of one of them: nothing of it can be changed. Stays where it was made, as long as
/// `content`.
class SharedRoot {
public:
    explicit SharedRoot(const SharedContent& content);
    SharedRoot(const SharedRoot&) = delete;
    SharedRoot& operator=(const SharedRoot&) = delete;

    /// Its own attribute, which it does not have before. `value` is kept by the caller.
    void set_own(std::string_view value);

private:
    friend class Document;
    Attribute own_;
    Element element_;
};

}  // namespace clarion::xml
