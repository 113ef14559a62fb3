"""The thirty assertions, on what the hand-written script brought back."""


def _file(facts, path):
    return next(line.split("|") for line in facts["files"] if line.startswith(f"{path}|"))


def _has_file(facts, path):
    return any(line.startswith(f"{path}|") for line in facts["files"])


def _passwd(facts, name):
    return next(line.split(":") for line in facts["users"] if line.startswith(f"{name}:"))


def _package(facts, name):
    return next((line.split() for line in facts["packages"] if line.startswith(f"{name} ")), None)


def _listens(facts, address):
    return any(line.split()[3] == address for line in facts["listening"])


def test_system_is_linux(facts):
    assert facts["system"] == ["Linux"]


def test_distribution_is_debian_or_a_child(facts):
    assert {"ID=debian", "ID=ubuntu"} & set(facts["distribution"])


def test_hostname_is_one_of_the_farm(facts):
    assert facts["hostname"][0].startswith("h")


def test_passwd_is_a_file(facts):
    passwd = _file(facts, "/etc/passwd")
    assert passwd[1] == "regular file"
    assert int(passwd[5]) > 0


def test_passwd_is_readable_by_all(facts):
    assert _file(facts, "/etc/passwd")[2] == "644"


def test_passwd_belongs_to_root(facts):
    assert _file(facts, "/etc/passwd")[3:5] == ["root", "root"]


def test_shadow_is_not_readable_by_all(facts):
    assert _file(facts, "/etc/shadow")[2] == "640"


def test_shadow_belongs_to_its_group(facts):
    assert _file(facts, "/etc/shadow")[3:5] == ["root", "shadow"]


def test_ssh_folder_exists(facts):
    assert _file(facts, "/etc/ssh")[1:4] == ["directory", "755", "root"]


def test_hosts_file_names_localhost(facts):
    assert _has_file(facts, "/etc/hosts")
    assert int(facts["localhost"][0]) > 0


def test_web_server_runs(facts):
    assert any(line.split()[0] == "nginx" for line in facts["processes"])


def test_ssh_listens(facts):
    assert _listens(facts, "0.0.0.0:22")
    assert _listens(facts, "[::]:22")


def test_web_server_listens(facts):
    assert _listens(facts, "0.0.0.0:80")


def test_ssh_server_is_installed(facts):
    assert _package(facts, "openssh-server")[1:4] == ["install", "ok", "installed"]


def test_ssh_server_has_a_version(facts):
    assert _package(facts, "openssh-server")[4].startswith("1:")


def test_telnet_server_is_not_installed(facts):
    assert _package(facts, "telnetd") is None


def test_root_is_user_zero(facts):
    assert _passwd(facts, "root")[2] == "0"


def test_root_has_its_home_and_shell(facts):
    assert _passwd(facts, "root")[5:] == ["/root", "/bin/bash"]


def test_web_user_may_not_log_in(facts):
    assert _passwd(facts, "www-data")[5:] == ["/var/www", "/usr/sbin/nologin"]


def test_nobody_exists(facts):
    assert _passwd(facts, "nobody")[2] == "65534"


def test_root_group_is_zero(facts):
    assert facts["groups"][0].split(":")[2] == "0"


def test_web_server_wrote_its_process_id(facts):
    assert _has_file(facts, "/run/nginx.pid")


def test_kernel_is_linux(facts):
    assert facts["sysctl"][0] == "Linux"


def test_packets_live_long_enough(facts):
    assert facts["sysctl"][1] == "64"


def test_network_device_exists(facts):
    assert facts["network"]


def test_network_device_has_an_address(facts):
    assert any(line.split()[3].startswith("10.77.") for line in facts["network"])


def test_run_is_in_memory(facts):
    assert next(line.split()[2] for line in reversed(facts["mounts"]) if line.split()[1] == "/run") == "tmpfs"


def test_no_reboot_is_due(facts):
    assert not _has_file(facts, "/run/reboot-required")


def test_web_master_runs_as_root(facts):
    assert ["nginx", "1", "root"] in [line.split() for line in facts["processes"]]


def test_os_release_is_the_distributions_own(facts):
    assert facts["release"] == ["/usr/lib/os-release"]
