"""The thirty assertions, by testinfra's modules: the same file runs under testinfra itself and under the sign-off."""

import pytest


@pytest.mark.checklist(id="INF-SRV-1")
def test_system_is_linux(host):
    assert host.system_info.type == "linux"


@pytest.mark.checklist(id="INF-SRV-1")
def test_distribution_is_debian_or_a_child(host):
    assert host.system_info.distribution in {"debian", "ubuntu"}


@pytest.mark.checklist(id="INF-SRV-1")
def test_hostname_is_one_of_the_farm(host):
    assert host.check_output("hostname").startswith("h")


@pytest.mark.checklist(id="INF-SRV-1")
def test_passwd_is_a_file(host):
    passwd = host.file("/etc/passwd")
    assert passwd.is_file
    assert not passwd.is_symlink
    assert passwd.size > 0


@pytest.mark.checklist(id="INF-SRV-1")
def test_passwd_is_readable_by_all(host):
    assert host.file("/etc/passwd").mode == 0o644


@pytest.mark.checklist(id="INF-SRV-1")
def test_passwd_belongs_to_root(host):
    passwd = host.file("/etc/passwd")
    assert (passwd.user, passwd.group) == ("root", "root")


@pytest.mark.checklist(id="INF-SRV-1")
def test_shadow_is_not_readable_by_all(host):
    assert host.file("/etc/shadow").mode == 0o640


@pytest.mark.checklist(id="INF-SRV-1")
def test_shadow_belongs_to_its_group(host):
    shadow = host.file("/etc/shadow")
    assert (shadow.user, shadow.group) == ("root", "shadow")


@pytest.mark.checklist(id="INF-SRV-1")
def test_ssh_folder_exists(host):
    folder = host.file("/etc/ssh")
    assert folder.is_directory
    assert (folder.user, folder.mode) == ("root", 0o755)


@pytest.mark.checklist(id="INF-SRV-1")
def test_hosts_file_names_localhost(host):
    hosts = host.file("/etc/hosts")
    assert hosts.exists
    assert hosts.contains("localhost")


@pytest.mark.checklist(id="INF-SRV-1")
def test_web_server_runs(host):
    assert host.process.filter(comm="nginx")


@pytest.mark.checklist(id="INF-SRV-1")
def test_ssh_listens(host):
    assert host.socket("tcp://0.0.0.0:22").is_listening
    assert host.socket("tcp://:::22").is_listening


@pytest.mark.checklist(id="INF-SRV-1")
def test_web_server_listens(host):
    assert host.socket("tcp://0.0.0.0:80").is_listening


@pytest.mark.checklist(id="INF-SRV-1")
def test_ssh_server_is_installed(host):
    assert host.package("openssh-server").is_installed


@pytest.mark.checklist(id="INF-SRV-1")
def test_ssh_server_has_a_version(host):
    assert host.package("openssh-server").version.startswith("1:")


@pytest.mark.checklist(id="INF-SRV-1")
def test_telnet_server_is_not_installed(host):
    assert not host.package("telnetd").is_installed


@pytest.mark.checklist(id="INF-SRV-1")
def test_root_is_user_zero(host):
    assert host.user("root").uid == 0


@pytest.mark.checklist(id="INF-SRV-1")
def test_root_has_its_home_and_shell(host):
    root = host.user("root")
    assert (root.home, root.shell) == ("/root", "/bin/bash")


@pytest.mark.checklist(id="INF-SRV-1")
def test_web_user_may_not_log_in(host):
    web = host.user("www-data")
    assert (web.shell, web.home) == ("/usr/sbin/nologin", "/var/www")


@pytest.mark.checklist(id="INF-SRV-1")
def test_nobody_exists(host):
    nobody = host.user("nobody")
    assert nobody.exists
    assert nobody.uid == 65534


@pytest.mark.checklist(id="INF-SRV-1")
def test_root_group_is_zero(host):
    root = host.group("root")
    assert root.exists
    assert root.gid == 0


@pytest.mark.checklist(id="INF-SRV-1")
def test_web_server_wrote_its_process_id(host):
    assert host.file("/run/nginx.pid").exists


@pytest.mark.checklist(id="INF-SRV-1")
def test_kernel_is_linux(host):
    assert host.sysctl("kernel.ostype") == "Linux"


@pytest.mark.checklist(id="INF-SRV-1")
def test_packets_live_long_enough(host):
    assert host.sysctl("net.ipv4.ip_default_ttl") == 64


@pytest.mark.checklist(id="INF-SRV-1")
def test_network_device_exists(host):
    assert host.interface("eth0").exists


@pytest.mark.checklist(id="INF-SRV-1")
def test_network_device_has_an_address(host):
    assert any(address.startswith("10.77.") for address in host.interface("eth0").addresses)


@pytest.mark.checklist(id="INF-SRV-1")
def test_run_is_in_memory(host):
    mount = host.mount_point("/run")
    assert mount.exists
    assert mount.filesystem == "tmpfs"


@pytest.mark.checklist(id="INF-SRV-1")
def test_no_reboot_is_due(host):
    assert not host.file("/run/reboot-required").exists


@pytest.mark.checklist(id="INF-SRV-1")
def test_web_master_runs_as_root(host):
    assert host.process.get(comm="nginx", ppid=1).user == "root"


@pytest.mark.checklist(id="INF-SRV-1")
def test_os_release_is_the_distributions_own(host):
    assert host.file("/etc/os-release").linked_to == "/usr/lib/os-release"
