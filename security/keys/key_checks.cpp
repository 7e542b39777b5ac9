#include "security/keys/key_checks.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace keyledger::security {
namespace {

using Word = BN_ULONG;
using Context = std::unique_ptr<BN_CTX, FreeWith<BN_CTX_free>>;

constexpr std::string_view kWhat = "public key";
constexpr std::size_t kPointSize = 32;
constexpr unsigned kMaxSmallPrime = 65'536;
constexpr int kFermatSteps = 100;

BigNumber number() { return BigNumber(ensured(BN_new(), kWhat)); }
BigNumber number(const char* hexadecimal) {
    BIGNUM* made = nullptr;
    ensure(BN_hex2bn(&made, hexadecimal) != 0, kWhat);
    return BigNumber(made);
}

// ---- Ed25519 (RFC 8032 section 5.1) ----------------------------------------------------------------------------
// Extended homogeneous coordinates: x = X/Z, y = Y/Z, T = XY/Z.
struct Point {
    BigNumber x = number(), y = number(), z = number(), t = number();
};

class Edwards25519 {
public:
    // What is wrong with it; empty: `point` is what it encodes.
    std::string decode(std::string_view encoded, Point& point) const {
        std::string big(encoded.rbegin(), encoded.rend());
        const bool odd = (big.front() & 0x80) != 0;
        big.front() = static_cast<char>(big.front() & 0x7F);
        ensure(BN_bin2bn(octets(big), static_cast<int>(big.size()), point.y.get()) != nullptr, kWhat);
        if (BN_cmp(point.y.get(), p_.get()) >= 0) return "'x' is not in canonical form";
        if (!recover_x(*point.y, *point.x)) return "'x' is no point on the curve";
        if (BN_is_zero(point.x.get()) && odd) return "'x' is not in canonical form";
        if ((BN_is_odd(point.x.get()) != 0) != odd) ensure(BN_sub(point.x.get(), p_.get(), point.x.get()) == 1, kWhat);
        ensure(BN_one(point.z.get()) == 1, kWhat);
        multiply(*point.t, *point.x, *point.y);
        return {};
    }
    bool has_prime_order(const Point& point) const { return !is_identity(point) && is_identity(times_order(point)); }

private:
    static bool is_identity(const Point& point) {
        return BN_is_zero(point.x.get()) && BN_cmp(point.y.get(), point.z.get()) == 0;
    }
    void multiply(BIGNUM& to, const BIGNUM& a, const BIGNUM& b) const {
        ensure(BN_mod_mul(&to, &a, &b, p_.get(), context_.get()) == 1, kWhat);
    }
    void add(BIGNUM& to, const BIGNUM& a, const BIGNUM& b) const {
        ensure(BN_mod_add_quick(&to, &a, &b, p_.get()) == 1, kWhat);
    }
    void subtract(BIGNUM& to, const BIGNUM& a, const BIGNUM& b) const {
        ensure(BN_mod_sub_quick(&to, &a, &b, p_.get()) == 1, kWhat);
    }
    // x^2 = (y^2 - 1) / (d y^2 + 1). The divisor is never zero, as -1/d is no square.
    bool recover_x(const BIGNUM& y, BIGNUM& x) const {
        const BigNumber square = number(), above = number(), below = number();
        multiply(*square, y, y);
        subtract(*above, *square, *BN_value_one());
        multiply(*below, *d_, *square);
        add(*below, *below, *BN_value_one());
        ensure(BN_mod_inverse(below.get(), below.get(), p_.get(), context_.get()) != nullptr, kWhat);
        multiply(*square, *above, *below);
        const bool found = BN_mod_sqrt(&x, square.get(), p_.get(), context_.get()) != nullptr;
        if (!found) forget_openssl_errors();
        return found;
    }
    // Complete for all points of the curve, equal ones too.
    void add(Point& to, const Point& p, const Point& q) const {
        const BigNumber a = number(), b = number(), c = number(), d = number(), u = number();
        subtract(*a, *p.y, *p.x);
        subtract(*u, *q.y, *q.x);
        multiply(*a, *a, *u);
        add(*b, *p.y, *p.x);
        add(*u, *q.y, *q.x);
        multiply(*b, *b, *u);
        multiply(*c, *p.t, *q.t);
        multiply(*c, *c, *twice_d_);
        multiply(*d, *p.z, *q.z);
        add(*d, *d, *d);
        const BigNumber e = number(), f = number(), g = number(), h = number();
        subtract(*e, *b, *a);
        subtract(*f, *d, *c);
        add(*g, *d, *c);
        add(*h, *b, *a);
        multiply(*to.x, *e, *f);
        multiply(*to.y, *g, *h);
        multiply(*to.t, *e, *h);
        multiply(*to.z, *f, *g);
    }
    Point times_order(const Point& point) const {
        Point sum;
        ensure(BN_one(sum.y.get()) == 1 && BN_one(sum.z.get()) == 1, kWhat);
        for (int bit = BN_num_bits(order_.get()) - 1; bit >= 0; --bit) {
            add(sum, sum, sum);
            if (BN_is_bit_set(order_.get(), bit)) add(sum, sum, point);
        }
        return sum;
    }

    BigNumber p_ = number("7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFED");
    BigNumber d_ = number("52036CEE2B6FFE738CC740797779E89800700A4D4141D8AB75EB4DCA135978A3");
    BigNumber twice_d_ = number("2406D9DC56DFFCE7198E80F2EEF3D13000E0149A8283B156EBD69B9426B2F159");
    BigNumber order_ = number("1000000000000000000000000000000014DEF9DEA2F79CD65812631A5CF5D3ED");
    Context context_{ensured(BN_CTX_new(), kWhat)};
};

// ---- RSA -------------------------------------------------------------------------------------------------------
const std::vector<unsigned>& odd_small_primes() {
    static const std::vector<unsigned> primes = [] {
        std::vector<bool> composite(kMaxSmallPrime);
        std::vector<unsigned> found;
        for (unsigned candidate = 3; candidate < kMaxSmallPrime; candidate += 2) {
            if (composite[candidate]) continue;
            found.push_back(candidate);
            for (std::uint64_t multiple = std::uint64_t{candidate} * candidate; multiple < kMaxSmallPrime;
                 multiple += candidate)
                composite[multiple] = true;
        }
        return found;
    }();
    return primes;
}

Word remainder(const BIGNUM& number, Word divisor) {
    const Word rest = BN_mod_word(&number, divisor);
    ensure(rest != static_cast<Word>(-1), kWhat);
    return rest;
}

// One long division serves as many primes as fit into a word together.
bool has_small_factor(const BIGNUM& modulus) {
    const auto& primes = odd_small_primes();
    for (std::size_t first = 0; first < primes.size();) {
        Word product = 1;
        std::size_t last = first;
        while (last < primes.size() && product < (Word{1} << 47)) product *= primes[last++];
        const Word rest = remainder(modulus, product);
        for (; first < last; ++first)
            if (rest % primes[first] == 0) return true;
    }
    return false;
}

// The library that ROCA is about made primes k*M + (65537^a mod M), M the product of the first primes; so a modulus is
// a power of 65537 modulo each of them. One in some hundred million others is, too.
bool has_pattern_of_roca(const BIGNUM& modulus) {
    constexpr unsigned kLastPrime = 167;
    constexpr unsigned kGenerator = 65'537;
    for (const unsigned prime : odd_small_primes()) {
        if (prime > kLastPrime) return true;
        const auto rest = static_cast<unsigned>(remainder(modulus, prime));
        unsigned power = 1;
        do power = power * (kGenerator % prime) % prime;
        while (power != rest && power != 1);
        if (power != rest) return false;
    }
    return true;
}

// The square root, rounded down, by Newton's method from above.
BigNumber root_of(const BIGNUM& square, BN_CTX* context) {
    BigNumber root = number();
    ensure(BN_set_bit(root.get(), (BN_num_bits(&square) + 1) / 2) == 1, kWhat);
    const BigNumber next = number();
    for (;;) {
        ensure(BN_div(next.get(), nullptr, &square, root.get(), context) == 1 &&
                   BN_add(next.get(), next.get(), root.get()) == 1 && BN_rshift1(next.get(), next.get()) == 1,
               kWhat);
        if (BN_cmp(next.get(), root.get()) >= 0) return root;
        ensure(BN_copy(root.get(), next.get()) != nullptr, kWhat);
    }
}

bool is_square(const BIGNUM& candidate, BN_CTX* context) {
    if (BN_is_zero(&candidate)) return true;
    // Squares are 12 of the 64 remainders, 16 of 63, 21 of 65: of a hundred others one is left to take a root of.
    constexpr unsigned kFilters[] = {64, 63, 65, 11, 17, 19, 23, 31};
    for (const unsigned filter : kFilters) {
        const auto rest = static_cast<unsigned>(remainder(candidate, filter));
        bool fits = false;
        for (unsigned i = 0; i < filter && !fits; ++i) fits = i * i % filter == rest;
        if (!fits) return false;
    }
    const BigNumber root = root_of(candidate, context);
    const BigNumber square = number();
    ensure(BN_sqr(square.get(), root.get(), context) == 1, kWhat);
    return BN_cmp(square.get(), &candidate) == 0;
}

// n = a^2 - b^2 with a just above the root of n; b = 0 is a square.
bool has_close_primes(const BIGNUM& modulus) {
    const Context context(ensured(BN_CTX_new(), kWhat));
    const BigNumber a = root_of(modulus, context.get());
    const BigNumber rest = number();
    for (int step = 0; step < kFermatSteps; ++step) {
        ensure(BN_sqr(rest.get(), a.get(), context.get()) == 1 && BN_sub(rest.get(), rest.get(), &modulus) == 1 &&
                   BN_add_word(a.get(), 1) == 1,
               kWhat);
        if (!BN_is_negative(rest.get()) && is_square(*rest, context.get())) return true;
    }
    return false;
}

}  // namespace

std::string edwards_point_fault(std::string_view encoded) {
    if (encoded.size() != kPointSize) return "'x' must be base64url of 32 bytes";
    const Edwards25519 curve;
    Point point;
    if (std::string wrong = curve.decode(encoded, point); !wrong.empty()) return wrong;
    if (!curve.has_prime_order(point))
        return "'x' is of small order, or has a part that is: anybody could sign under it";
    return {};
}

std::string modulus_fault(const BIGNUM& modulus) {
    if (!BN_is_odd(&modulus) || has_small_factor(modulus)) return "the modulus 'n' has a small factor";
    if (has_pattern_of_roca(modulus))
        return "the modulus 'n' looks as those of a library whose keys can be factored (CVE-2017-15361)";
    if (has_close_primes(modulus)) return "the primes of the modulus 'n' are too close to each other";
    return {};
}

}  // namespace keyledger::security
