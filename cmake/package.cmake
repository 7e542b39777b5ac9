# What a package has, and what it says of itself. scripts/package first puts into ${KEYLEDGER_STAGE} what the binary and
# other tools write: manual pages, completions, the list of what is in it.
if(KEYLEDGER_SANITIZED)
  return()
endif()
set(KEYLEDGER_STAGE ${CMAKE_BINARY_DIR}/package)
set(KEYLEDGER_DOC share/doc/keyledger)
set(deploy ${CMAKE_SOURCE_DIR}/deploy)
# Debian's folders have these modes, whatever the umask of whoever builds.
set(CMAKE_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
  WORLD_READ WORLD_EXECUTE)

install(TARGETS keyledger RUNTIME DESTINATION bin)
install(PROGRAMS ${deploy}/debian/keyledgerctl DESTINATION sbin)
install(FILES ${deploy}/systemd/keyledger.service DESTINATION lib/systemd/system)
install(FILES ${deploy}/systemd/keyledger.sysusers DESTINATION lib/sysusers.d RENAME keyledger.conf)
install(FILES ${deploy}/systemd/keyledger.tmpfiles DESTINATION lib/tmpfiles.d RENAME keyledger.conf)
install(FILES ${deploy}/debian/keyledger.yaml DESTINATION /etc/keyledger
  PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ) # 0640; postinst gives it to the group keyledger
install(FILES ${KEYLEDGER_STAGE}/keyledger.1.gz DESTINATION share/man/man1)
install(FILES ${KEYLEDGER_STAGE}/keyledger.yaml.5.gz DESTINATION share/man/man5)
install(FILES ${KEYLEDGER_STAGE}/keyledgerctl.8.gz DESTINATION share/man/man8)
install(FILES ${KEYLEDGER_STAGE}/keyledger.bash DESTINATION share/bash-completion/completions RENAME keyledger)
install(FILES ${KEYLEDGER_STAGE}/keyledger.bash DESTINATION share/bash-completion/completions RENAME keyledgerctl)
install(FILES ${KEYLEDGER_STAGE}/keyledger.zsh DESTINATION share/zsh/vendor-completions RENAME _keyledger)
# fish looks for a file of the command's name.
install(FILES ${KEYLEDGER_STAGE}/keyledger.fish DESTINATION share/fish/vendor_completions.d)
install(FILES ${KEYLEDGER_STAGE}/keyledger.fish DESTINATION share/fish/vendor_completions.d RENAME keyledgerctl.fish)
install(FILES
  ${KEYLEDGER_STAGE}/changelog.gz ${KEYLEDGER_STAGE}/changelog.Debian.gz ${KEYLEDGER_STAGE}/keyledger.spdx.json.gz
  ${KEYLEDGER_STAGE}/third-party-notices.gz ${deploy}/debian/copyright ${CMAKE_SOURCE_DIR}/scripts/lib/roles.sql
  DESTINATION ${KEYLEDGER_DOC})
# Files that the documents tell to copy.
install(FILES ${deploy}/haproxy/haproxy.cfg ${deploy}/prometheus/alerts.yml ${deploy}/prometheus/scrape.yml
  ${deploy}/grafana/keyledger.json DESTINATION ${KEYLEDGER_DOC}/examples)
install(FILES ${deploy}/debian/lintian-overrides DESTINATION share/lintian/overrides RENAME keyledger)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/docs/ DESTINATION ${KEYLEDGER_DOC}/docs FILES_MATCHING PATTERN "*.md"
  PATTERN "adr" EXCLUDE PATTERN "pictures" EXCLUDE PATTERN "conformance" EXCLUDE)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME keyledger)
set(CPACK_PACKAGE_VENDOR "The Keyledger authors")
set(CPACK_PACKAGE_CONTACT "The Keyledger authors <maintainers@keyledger.example>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "event-sourced authentication and authorization service")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "People and services log in by password, passkey, second
factor, mail or another provider, and applications by OpenID Connect.
Roles, groups and permissions are asked for by AuthZEN.
.
Every change is an event in an append-only log in PostgreSQL, which can be
verified, replayed and published to Kafka.")
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# The small programs for those who have no systemd, such as containers.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "ca-certificates, systemd-standalone-sysusers | systemd | systemd-sysusers, \
systemd-standalone-tmpfiles | systemd | systemd-tmpfiles")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "postgresql-client") # pg_dump and pg_restore, for backups
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "postgresql")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${deploy}/debian/postinst ${deploy}/debian/prerm ${deploy}/debian/postrm
  ${deploy}/debian/conffiles)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_SET_DESTDIR ON) # for /etc
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
include(CPack)
