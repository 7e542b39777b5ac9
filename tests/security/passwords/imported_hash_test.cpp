// The texts were made by other implementations: Python's hashlib (PBKDF2, scrypt), libxcrypt's command line, the
// reference implementation of Argon2; Firebase's is the example of its own tool.
#include "security/passwords/imported_hash.hpp"

#include <gtest/gtest.h>

#include <vector>

using namespace keyledger::security;
using keyledger::Secret;

namespace {

constexpr char kPassword[] = "correct horse battery staple";

struct Example {
    std::string text;
    std::string cost;
    std::string password = kPassword;
};
const std::vector<Example> kExamples = {
    {"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
     "Argon2id, 65536 KiB, t=2, p=1", "password"},
    {"$argon2i$v=19$m=256,t=2,p=2$c29tZXNhbHQ$T/XOJ2mh1/TIpJHfCdQan76Q5esCFVoT5MAeIM1Oq2E",
     "Argon2i, 256 KiB, t=2, p=2", "password"},
    {"$argon2i$m=256,t=2,p=2$c29tZXNhbHQ$tsEVYKap1h6scGt5ovl9aLRGOqOth+AMB+KwHpDFZPs", "Argon2i, 256 KiB, t=2, p=2",
     "password"},
    {"$2b$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG", "bcrypt, cost 4"},
    {"$2a$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG", "bcrypt, cost 4"},
    {"$2y$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG", "bcrypt, cost 4"},
    {"$7$86..../....saltsalt$YUYeTH3uBIrGudo16Om3vQvW.0WLU3OqKbCMV39/VNA", "scrypt, N=2^10, r=8, p=1"},
    {"$scrypt$ln=10,r=8,p=1$c2FsdHNhbHRzYWx0c2FsdA$bHXojks4sm1uMH4CDw9EcLZ/muyLxbYYc9xGzvNAnuQ",
     "scrypt, N=2^10, r=8, p=1"},
    {"$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk="
     "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZ"
     "vpjeJ9WmXA==$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid"
     "5lQ==",
     "Firebase's scrypt, N=2^14, r=8, p=1", "user1password"},
    {"$pbkdf2-sha256$i=1000,l=32$c2FsdHNhbHRzYWx0c2FsdA$31ltvuXrbs8POP2F4tw9851NSNQCQpm0sCwu2eEvId8",
     "PBKDF2 with SHA-256, 1000 iterations, 32 bytes"},
    {"$pbkdf2-sha256$i=1000,l=64$c2FsdHNhbHRzYWx0c2FsdA$"
     "31ltvuXrbs8POP2F4tw9851NSNQCQpm0sCwu2eEvId9Q5DKLhVaRJcjXTH6gOa35"
     "JkMQ1KsuQ0N0VSrmYu3DPw",
     "PBKDF2 with SHA-256, 1000 iterations, 64 bytes"},
    {"$pbkdf2-sha512$1000$c2FsdHNhbHRzYWx0c2FsdA$ORxvnPF08mmTltUf/WSLS8FZ3yYanqBrD.km4rpMr07F2ze7/"
     "s1VLAjm.ry9RrSLc7aA5i7XxlkTGvDGO5vcpw",
     "PBKDF2 with SHA-512, 1000 iterations, 64 bytes"},
    {"$pbkdf2$1000$c2FsdHNhbHRzYWx0c2FsdA$XfAg5IAz304UvYgmglt9ZXw8wLc", "PBKDF2 with SHA-1, 1000 iterations, 20 bytes"},
    {"pbkdf2_sha256$1000$seasalt$3xmXbyk2QpiyNcnoBbzRPwEBsYPTbDlRdtmLyBvQltA=",
     "PBKDF2 with SHA-256, 1000 iterations, 32 bytes"},
};

bool verify(std::string_view password, std::string_view text) {
    const auto hash = read_imported_hash(text);
    return hash && imported_verify(Secret(password), *hash);
}
ImportedHashFault fault_of(std::string_view text) { return read_imported_hash(text).error(); }

constexpr char kSalt[] = "$c2FsdHNhbHRzYWx0c2FsdA$bHXojks4sm1uMH4CDw9EcLZ/muyLxbYYc9xGzvNAnuQ";

}  // namespace

TEST(ImportedHash, LetsTheRightPasswordInAndNoOther) {
    for (const Example& example : kExamples) {
        SCOPED_TRACE(example.text);
        EXPECT_TRUE(verify(example.password, example.text));
        EXPECT_FALSE(verify(example.password + "x", example.text));
        EXPECT_FALSE(verify(example.password.substr(1), example.text));
        EXPECT_FALSE(verify("", example.text));
        EXPECT_EQ(cost_of(*read_imported_hash(example.text)), example.cost);
    }
}

TEST(ImportedHash, HasADecoyThatCostsAsMuch) {
    for (const Example& example : kExamples) {
        const std::string decoy = decoy_like(*read_imported_hash(example.text));
        const auto hash = read_imported_hash(decoy);
        ASSERT_TRUE(hash) << decoy;
        const std::string cost = cost_of(*hash);
        EXPECT_NE(example.cost.find(cost), std::string::npos) << cost;  // Firebase's has scrypt's
        EXPECT_FALSE(imported_verify(Secret(example.password), *hash));
    }
}

TEST(ImportedHash, TakesNoPasswordForOneThatEndsAtAZero) {
    using namespace std::string_literals;
    for (const Example& example : kExamples) EXPECT_FALSE(verify(example.password + "\0x"s, example.text));
}

TEST(ImportedHash, OfBcryptCountsSeventyTwoBytes) {
    const std::string long_one(600, 'a');
    constexpr char kOf72[] = "$2b$04$abcdefghijklmnopqrstuuBzzIgyKkz7xMWYSzkIjUSnxEQFQ0WNe";
    EXPECT_TRUE(verify(long_one, kOf72));
    EXPECT_TRUE(verify(long_one.substr(0, 72), kOf72));
    EXPECT_FALSE(verify(long_one.substr(0, 71), kOf72));
}

TEST(ImportedHash, RefusesWhatItDoesNotKnow) {
    for (const char* text : {"", "none", "password", "5f4dcc3b5aa765d61d8327deb882cf99", "$1$salt$hash", "$5$salt$hash",
                             "$2x$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG",
                             "$argon2x$v=19$m=8,t=1,p=1$$", "md5$salt$hash", "{SSHA}AAAA"})
        EXPECT_EQ(fault_of(text), ImportedHashFault::kUnknownForm) << text;
}

TEST(ImportedHash, RefusesWhatIsNotWhole) {
    for (const Example& example : kExamples) {
        SCOPED_TRACE(example.text);
        for (std::size_t size = 12; size < example.text.rfind('$') + 20; ++size)
            EXPECT_FALSE(read_imported_hash(example.text.substr(0, size))) << size;
        std::string with_line_end = example.text + '\n';
        EXPECT_FALSE(read_imported_hash(with_line_end));
    }
    EXPECT_EQ(fault_of(std::string("$scrypt$ln=0,r=8,p=1") + kSalt), ImportedHashFault::kMalformed);
    EXPECT_EQ(fault_of(std::string("$scrypt$ln=10,r=8,p=1,x=1") + kSalt), ImportedHashFault::kMalformed);
    EXPECT_EQ(fault_of(std::string("$argon2id$v=18$m=65536,t=2,p=1") + kSalt), ImportedHashFault::kMalformed);
    EXPECT_EQ(fault_of(std::string("$argon2id$v=19$m=8,t=1,p=2") + kSalt), ImportedHashFault::kMalformed);
    EXPECT_EQ(fault_of("$2b$03$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG"), ImportedHashFault::kMalformed);
    EXPECT_EQ(fault_of(std::string("$pbkdf2-sha256$i=1000,l=64") + kSalt), ImportedHashFault::kMalformed);
    EXPECT_EQ(fault_of("$2b$04$" + std::string(2000, 'a')), ImportedHashFault::kMalformed);
}

TEST(ImportedHash, RefusesWhatWouldTakeTooLongOrTooMuch) {
    for (const char* cost :
         {"$argon2id$v=19$m=262145,t=1,p=1", "$argon2id$v=19$m=262144,t=5,p=1", "$argon2id$v=19$m=4096,t=1000000,p=1",
          "$argon2id$v=19$m=4096,t=1,p=256", "$scrypt$ln=19,r=8,p=1", "$scrypt$ln=10,r=4294967295,p=1",
          "$scrypt$ln=10,r=8,p=4294967295", "$scrypt$ln=63,r=1,p=1", "$scrypt$ln=1,r=1,p=4294967295",
          "$pbkdf2-sha256$i=4000001,l=32", "$pbkdf2$2000001"})
        EXPECT_EQ(fault_of(std::string(cost) + kSalt), ImportedHashFault::kTooCostly) << cost;
    EXPECT_EQ(fault_of("$2b$15$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG"), ImportedHashFault::kTooCostly);
    EXPECT_EQ(fault_of("$7$z6..../....saltsalt$YUYeTH3uBIrGudo16Om3vQvW.0WLU3OqKbCMV39/VNA"),
              ImportedHashFault::kTooCostly);
    EXPECT_EQ(fault_of("$7$86....zzzzzsaltsalt$YUYeTH3uBIrGudo16Om3vQvW.0WLU3OqKbCMV39/VNA"),
              ImportedHashFault::kTooCostly);
    EXPECT_TRUE(read_imported_hash(std::string("$argon2id$v=19$m=262144,t=4,p=255") + kSalt));
    EXPECT_TRUE(read_imported_hash(std::string("$scrypt$ln=18,r=8,p=1") + kSalt));
    EXPECT_TRUE(read_imported_hash(std::string("$pbkdf2-sha256$i=4000000,l=32") + kSalt));
    EXPECT_TRUE(read_imported_hash("$2b$14$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG"));
}
