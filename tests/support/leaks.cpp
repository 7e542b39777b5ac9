// libpqxx 6.4.5 loses the result of a statement whose connection breaks: it asks the dead connection for its
// encoding, throws, and has not taken the result into its keeping yet. The tests break connections by the
// dozen; each costs a few hundred bytes, which LeakSanitizer would report.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libpqxx-6"; }
