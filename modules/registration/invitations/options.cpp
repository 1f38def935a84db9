#include "modules/registration/invitations/options.h"

namespace clarion::registration::invitations {

void InvitationOptions::declare(OptionTable<InvitationOptions>& t) {
    using std::chrono::minutes;
    t.section(
         "invitations",
         "Invitations to make an account or to become somebody's contact (docs/invitations.md).")
        .per_host()
        .live();
    t.add("users", &InvitationOptions::users)
        .doc("Let every user invite contacts from their client (XEP-0401).");
    t.add("users_may_invite_accounts", &InvitationOptions::users_may_invite_accounts)
        .doc(
            "Whether who is invited by a user may make an account here, also where [auth] "
            "registration is off. Administrators may invite them in any case.");
    t.add("expire_after", &InvitationOptions::expire_after)
        .min(minutes(1))
        .days()
        .doc("How long an invitation is open, unless who makes it says otherwise.");
    t.add("reset_expire_after", &InvitationOptions::reset_expire_after)
        .min(minutes(1))
        .days()
        .doc("How long the owner of an account may set another password with a link to do so.");
    t.add("max_per_user", &InvitationOptions::max_per_user)
        .min(1)
        .max(1000)
        .doc(
            "Invitations to become a contact of one account that may be open at a time; one more "
            "is "
            "refused with resource-constraint.");
    t.add("max_per_host", &InvitationOptions::max_per_host)
        .min(1)
        .max(100000)
        .doc(
            "Invitations by users of one host that may be open at a time, and as many by its "
            "administrators, with links to set passwords: neither takes the place of the other. "
            "They take memory, 300 bytes each.");
    t.add("max_accounts_per_user", &InvitationOptions::max_accounts_per_user)
        .min(0)
        .max(100000)
        .doc(
            "Accounts that may be made within a day with the invitations of one user, if "
            "users_may_invite_accounts; see also [limits] invited_per_address. They are counted "
            "in memory, from the start of the server. 0: no limit.");
    t.add("newcomers_wait", &InvitationOptions::newcomers_wait)
        .min(Duration::zero())
        .days()
        .doc(
            "So long after it was made an account may invite contacts only, and nobody makes an "
            "account with those, whatever users_may_invite_accounts says. Not of administrators. "
            "For servers that strangers find: who got in alone then brings in nobody for a "
            "while.");
}

}  // namespace clarion::registration::invitations
