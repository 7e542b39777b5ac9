#pragma once

namespace keyledger::security::vectors {

// RFC 7515 appendix A.2.1.
inline constexpr char kRfc7515Rsa[] = "-----BEGIN PRIVATE KEY-----\n"
                                      "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCh+BYK4uPJtGXO\n"
                                      "jS1lYmM2K5J9vinh8CR3/BYlzJChNuOL2TSXxbbqY913EeZ8dCn5VrD7io8ImtxL\n"
                                      "aYk8wTM/U+3QGbh3hCUv7JFP5IV3aVlL6kKA0ywPVb9ilE8TA5a8bpvfbr3SvaNn\n"
                                      "juygxmj3AbONv/s4yDQs4v5tJ/reSlpIdJed1LnPmt7Ex1sFhSwsD174pcF1A5L5\n"
                                      "ROjtZMEQxrZHYJqkeDrrnGya11UxMFBji4NmXG9veoKjlnAqH2QbgtPr8jkiGUkf\n"
                                      "toaHLFcW9Qr4NY2ai50Xw0Byj3+H2JoY2PyrZ62EWQwuz3WTOTY8BwNNb2BvniHg\n"
                                      "VFbK5emhAgMBAAECggEAEq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyW\n"
                                      "PEAeP88vLNO97IjlA7/GQ5sLKMgvfTeXZx9SE+7YwVol2NXOoAJe46sui395IW/G\n"
                                      "O+pWJ1O0BkTGoVEn2bKVRUCgu+GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzj\n"
                                      "kn439X0M/V51gfpRLI9JYanrC4D4qAdGcopV/0ZHHzQlBjudU2QvXt4ehNYTCBr6\n"
                                      "XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl/x/jTj3ccPDVZFD9pIuhLhBOneufuBiB\n"
                                      "4cS98l2SR/RQyGWSeWjnczT0QU91p1DhOVRuOopznQKBgQDgHMQQ60imZV1URk0K\n"
                                      "pLttoLhyt3SmqdEf/kgHePDdtzEafpAu+cS191R2JiuoF2yzWXnwFDcqGigp5BNr\n"
                                      "0AHQfD8/Lk8l1Mk09jxxCfui5nYooNyac8YFjm3vItzVCVDnEd3BbVWG8qf6deqE\n"
                                      "lMGAg+C2V0L4oNXnP7LZcPAZRwKBgQC5A8R+CZW2MvRTLLHzwZkUXV866cff7tx6\n"
                                      "kqa0finGG0KgeqlaZPxgCZnFp7AeAcCMtiynVlJ7vMVgePsLq6XtON4tB5kP9jAP\n"
                                      "rq3rbAOal78eUH5OcED6eNuCV8ixEu1eWcPNCS/l1OW1EnXUEoEHKl54Xrrz2uNw\n"
                                      "kgMTP1FZ1wKBgAcCn1dwJKufzBWQxWQp1vsM5fggqPN1qGb5y0MAk3g7/Ls5bkUp\n"
                                      "5u9SN0Ai3Ya6hNnvWJMb7sXQX6U/zyO2M/hTip7tUeh7CXgwo59dkpN75gJLVds2\n"
                                      "9+DAncu3KXU4f2Fa+7bLNrur53k8KwPOq2bbuTG69QtV7Jr5MR0AHWKNAoGBAIf/\n"
                                      "evpitUf+4JYbLpvNXWcY052Mpz22aR84mY3nh3F2LF2mjMJDpTg7FmuyPcVw6EcG\n"
                                      "yoAe9fa65iNqCq+jdw6PVNGo2hxfjSiZ8IIzHdsPXI89//pMjZcQK9r+CCoRjaZj\n"
                                      "OYiIDktVWZzmevJuv6WywUqd57LE3Zar3dLSIkx1AoGAIYd7DHOhrWvxkwPQsRM2\n"
                                      "tOgrjbcrfvtQJipd+DlcxyVuuM9sQLdgjVk2oy26F0EmpScGLq2MowX7fhd/QJQ3\n"
                                      "ydy5cY7YIBi87w93IKLEdfnbJtoOPLUW0ITrJReOgo1cq9SbsxYawBgfp/gh6A56\n"
                                      "03k2+ZQwVK0JKSHuLFkuQ3U=\n"
                                      "-----END PRIVATE KEY-----\n";

// RFC 7517 appendix A.2, second key; its public part is also the example of RFC 7638.
inline constexpr char kRfc7517Rsa[] = "-----BEGIN PRIVATE KEY-----\n"
                                      "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDS/HtqCh5sZxBK\n"
                                      "64+Isldmm032ed2tCZtcSmzZqIAVtaEzvwuFbHhxtt8AC1VPzrPC7VErto8UXG6E\n"
                                      "NHUvq1Khz8EkQI95tYpFeMFkKIVXifeiSeOEyy2fri1n/Zb7kmwZjgdzmf3IFcCv\n"
                                      "CX3eWq3v9E3nDoJ/SHhDJDm/7rlgaNBHT8UNbZC/OpjfrxBAyJwC1pKrOzwolmCd\n"
                                      "hv1zt3TOB0BkfO7qoxC9EvmFqOufWf3UJs6lshIPTyo0vKt2S35sVNaEAji8xAWH\n"
                                      "pZ5m7R8ziUV3Y1xHCvdc+Swg0dpD4b/EGeIipvDQuzWMXjj5ywUK6v6QSBTxrBqk\n"
                                      "nMqeoMqDAgMBAAECggEAX4cTteJY/gn4FYPsXB8rdXix5vwsg1FLN5E3EaG6RJoV\n"
                                      "H+HLLKD9M7dx5oo7GURknchnrRweUkC7hT5fJLM0WbFAKNLWY2vv7B6NqXSzUvxT\n"
                                      "0/YSfqijwp3RTzlBaCxWp4doFk5N2o8Gy/nHNKroADIkJ46pRUohsXywbReAdYaM\n"
                                      "wFs9tv8d/cPVY3i07a3t8MN6TNwm0dSawm9v47UiCl3Sk5ZiG7xojPLu4sbg1U2j\n"
                                      "x4IBTNBznbJSzFHK66jT8bgkuqsk0GjskDJk19Z4qwjwbsnn4j2WBii3RL+Us2lG\n"
                                      "VkY8fkFzme1z0HbIkfz0Y6mqnOYtqc0X4jfcKoAC8QKBgQDzeL7si8wZegxcKyS/\n"
                                      "vdMqvzrfsWI7tnbvO/yiPqltZRDIs9AFDG09WfAPbRH7rR5MOYPa6Ocy3k+ioyub\n"
                                      "xF+Y2FVYO2OMyYIyM6lJeJwUePtc65UhhDKpVaVYSHp03foZVliT3c3wFz29jjXH\n"
                                      "LwH1HPM4ZVDNe80S+fs7SdVt+wKBgQDd185H1y5ir7RL6aQUvOAi2AwR8XMHareF\n"
                                      "Z6Ey4bSgK6qdve+hsvK6aqNVlA7V0it3CBOcJ2ljMFw59bmvfvQAVeOJZ+380YSK\n"
                                      "i+ieLOEqmj1VVLvxPMWDGQh2t5xF7Oxn7WRh3+zWoNvG2QMSB8AhMAb0tScAO6fi\n"
                                      "8hxvrJ6XGQKBgBuLD15HOmGvcvKCVvfyC4+MbqabtJc4vx+1U5EvMY+UnV93KBNK\n"
                                      "IpmMMSItnpkwLntFDmuXaYBRsgSeHPLUNlReNNl0boCg0z/GpGIRaObQAO+0HvzZ\n"
                                      "rbmGXNwt5tyNuBthr0ebEg8VMgDds6vC35/RFJrOq2Nzm/GHoipE4gY9AoGBALPZ\n"
                                      "QB/X4IAbKBUfDmnNkfxNoMNvNq09pBjgIbyJZRExNXn6wOoblFLzHwXDKZ/Janlu\n"
                                      "r8852GOUkkBe6THQv2oCN5xvCG6dQVG9CVIq2kTalHy4XEG/3fRheA4e3u+Fm0bK\n"
                                      "G0aJ7o02DdcQmj+kzutY71q1/i9fLcV8OPeEP3IJAoGAGyM/p6JrXySiz1toFgKb\n"
                                      "WV+JdI3jQ4ypu9rbMWx3rQJBfmt0FoYzgUIZEVFEcOqwemRN81zoDAaa+Bk0KWNG\n"
                                      "DjJHZDdDmFhW3AN7lI+puxk/mHZGJ11rxyR8O55XLSe3SPmRfKwZI6yU24ZxvQKF\n"
                                      "YItdldUKGzO6Ia6zTKhAVRU=\n"
                                      "-----END PRIVATE KEY-----\n";

// RFC 7515 appendix A.3.1.
inline constexpr char kRfc7515Ec[] = "-----BEGIN PRIVATE KEY-----\n"
                                     "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjpsQnnGQmL+YBIff\n"
                                     "H1136cspYG6+0iY7X1fCE9+E9LKhRANCAAR/zc4ncPbEXUGDy+5v20t7WAczNXvp\n"
                                     "7xO6z248e9FURcfxRM0bvZt+hyzf7bnuufSzaV1uqQskrYpGIyiFiOWt\n"
                                     "-----END PRIVATE KEY-----\n";

// RFC 7517 appendix A.2, first key.
inline constexpr char kRfc7517Ec[] = "-----BEGIN PRIVATE KEY-----\n"
                                     "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg870MB6gfuTJ4HtUn\n"
                                     "UvYMyJpr5eUZNP4Bk43bVdj3eAGhRANCAAQwoEJM0hwpRIOKLXXJKzfnbqINnwCJ\n"
                                     "OjtO7oo8Cq/sPuBLZekkVtmIi1Kzeb371R7oae8fD8ZbZllpW2zOCBcj\n"
                                     "-----END PRIVATE KEY-----\n";

// RFC 8037 appendix A.1.
inline constexpr char kRfc8037Ed25519[] = "-----BEGIN PRIVATE KEY-----\n"
                                          "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
                                          "-----END PRIVATE KEY-----\n";

// A key on another curve.
inline constexpr char kP384[] = "-----BEGIN PRIVATE KEY-----\n"
                                "MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDADwBINO8KmkY1z8igJ\n"
                                "7Q7CuqF1i8SlKzs2d1hKnOwGHfsDbC0jz4KuIG5X7YuSEeGhZANiAAT6pq/UbIQ4\n"
                                "4pgxuPeslKClEIPcxc/Nfs9hSQtUamzyzcqem1DJZIlQBOm1Gzjo/BOBq09605vz\n"
                                "27YxHdJlJ/zexlynn6e113PRVqqZ1lRFud2Y/2ML69q3RIiEt2RPtX8=\n"
                                "-----END PRIVATE KEY-----\n";

// An RSA key that is too small.
inline constexpr char kRsa1024[] = "-----BEGIN PRIVATE KEY-----\n"
                                   "MIICdwIBADANBgkqhkiG9w0BAQEFAASCAmEwggJdAgEAAoGBAMEv2aDLXgBXNsKy\n"
                                   "xShkfu/EyVpn07Ac7OzDVP6G9XZR8NV5/R6IlAeGSKCXAb9Raa1Z9c9KRzm8/F6X\n"
                                   "yi6DbvbTKJszRSbXdX2w+HpcBmckIGSBVwbc40KBtdXCQ/IuopY3fT0Cv0L0pEmQ\n"
                                   "s/uLWkLl/pAM7gVgkXUCGEXdjU9jAgMBAAECgYEAr3BA9uE40J5jQJUQrwn0rNHM\n"
                                   "+ajoeTsLfkg1W6A8MeNgDr3lvGDT7bFpK013bMMGcUMNE96kqC6UEWNPXMZHcZK5\n"
                                   "HB/M7D7U8YMrNX1Pj0fU18z2nPhpEz60SjEooDcTcc9fuGVs746NKf4eYTv9W1AD\n"
                                   "wAV/O1MdqUZ9NcXG3QECQQDtJRn0o+ajkkPDWksTDO1hXM/3+MZxuqRbpJBJtJaq\n"
                                   "G7qIpmzzi7Uzj6DgR8FjT9B8JM5I+3OyGqfDmJOxR0pDAkEA0IwEllJUQ+sAbVS2\n"
                                   "7j7hQRX+9jd6u2nPi+iYBDjGEoZfYO0cq5xHdHYxwDukSWQbiYem/QVwnqXkMhDX\n"
                                   "ENhkYQJBAKE9aLh9+IOfH5PkAMejMoPQp1bjP4p0bOwiqDh1ITvoPpxLDClMBJha\n"
                                   "P/g+0a7Exeyi2d+lmLSwiwDi7QjMgCECQEniwaFMa+RgNxeFIwaHqqC3nUw4XbhW\n"
                                   "hZzI/ErKnopjpxkdCMJYLQy672du+gaye/se32/XZI4gshd21et27yECQCIWyUps\n"
                                   "Te9l884xRGJ2x3hiFtRAJXFCtQ9uw5DprOJ0nosVP7uU8XuEgGVB1EsTeLLLcboj\n"
                                   "SsCdu4zISxEUOog=\n"
                                   "-----END PRIVATE KEY-----\n";

// A private key on P-256 with the public key of another.
inline constexpr char kEcWithAnothersPublicKey[] = "-----BEGIN PRIVATE KEY-----\n"
                                                   "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgkTFTMBREf0xZVNVE\n"
                                                   "4N4aEAE3Ne/ILYZ1k8kg/zElwbyhRANCAAQFrAAljoy4Aglet0Y6Qk611Et9RU+m\n"
                                                   "1l5YHQQhdKAy2qyzxEKVKQCY9uqyGW3hfUigSpDZsYOE0WbiPqGICGiw\n"
                                                   "-----END PRIVATE KEY-----\n";

}  // namespace keyledger::security::vectors
