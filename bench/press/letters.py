"""Documents of running text: opinions of accountants, official letters, terms of a bank, text with Latin letters."""

from __future__ import annotations

import random
from collections.abc import Iterator

from PIL import ImageDraw

from bench.press.cast import Cast
from bench.press.facts import BANKS, CITY, POLICE, some_day, some_money
from bench.press.sheet import Sheet, pixels

_LEFT = 26.0
_WIDTH = 158.0
_BOTTOM = 266.0


def running_text(
    sheet: Sheet, y: float, paragraphs: list[str], points: float, *, foot: str = "第{}页"
) -> Iterator[tuple[Sheet, float]]:
    """Prints paragraphs over as many sides as they need; gives each side, and where its text ends, millimetres."""
    side = 1
    for paragraph in paragraphs:
        rest, indent = paragraph, True
        while rest:
            y, left = sheet.print_paragraph(_LEFT, y, _WIDTH, rest, points, indent=indent, bottom=_BOTTOM)
            indent, rest = left == rest, left
            if y > _BOTTOM:
                sheet.print_line(105, 280, foot.format(side), 10.5, middle=True)
                yield sheet, y
                side += 1
                sheet, y = Sheet(sheet.title, face=sheet.face), 26.0
    sheet.print_line(105, 280, foot.format(side), 10.5, middle=True)
    yield sheet, y


def accounting_opinion(cast: Cast, chance: random.Random) -> Iterator[Sheet]:
    """司法会计鉴定意见书: text, then a table of sums with footnotes in small print."""
    first, _, third = cast.suspects
    sheet = Sheet("司法会计鉴定意见书", face=chance.choice(("serif", "ming")))
    sheet.print_line(105, 26, "司法会计鉴定意见书", 22, face="serif bold", middle=True)
    sheet.print_line(122, 42, f"云屏信衡会鉴字〔2031〕第{chance.randint(10, 300)}号", 12)
    paragraphs = [
        "一、基本情况",
        f"委托单位：{POLICE}。委托事项：对{first.name}等人涉嫌诈骗一案所涉银行账户的资金往来进行司法会计鉴定。"
        f"受理日期：{some_day(chance)}。鉴定材料：账户{first.card}（户名{first.name}）、账户{third.card}（户名{third.name}）"
        f"的交易明细共{chance.randint(60, 900)}页，扣押的账册1本，被害人陈述{chance.randint(8, 40)}份。",
        "二、检验过程",
        "鉴定人依据《中华人民共和国刑事诉讼法》及会计核算的一般方法，采用详查法对送检材料逐笔核对：（一）核对账户交易明细与开户资料；"
        "（二）将转入款项与被害人陈述的时间、金额、对方账号相互印证；（三）对取现、转出款项按时间顺序编制资金流向表；"
        "（四）对同名账户之间的往来予以剔除，避免重复计算。",
        f"经检验，{some_day(chance, 2030)}至{some_day(chance)}期间，"
        f"上述账户共收到转入资金{chance.randint(40, 400)}笔，合计人民币"
        f"{some_money(chance)}元；转出及取现{chance.randint(40, 400)}笔，"
        f"合计人民币{some_money(chance)}元；期末余额{some_money(chance)}元。",
        "三、鉴定意见",
        f"根据现有材料，{first.name}等人以“代为理财”名义收取被害人资金共计人民币{some_money(chance)}元，其中以返利形式退还人民币"
        f"{some_money(chance)}元，实际未退还金额为人民币{some_money(chance)}元（明细见附表）。",
    ]
    for side, _ in running_text(sheet, 54, paragraphs, 14):
        yield side
    sheet = Sheet("司法会计鉴定意见书", face="serif")
    sheet.print_line(105, 22, "附表：被害人资金往来明细表", 15, face="serif bold", middle=True)
    sheet.print_line(160, 32, "单位：人民币元", 9)
    rows: list[tuple[str, ...]] = [("序号", "姓名", "转出账号", "转入金额", "返利金额", "差额")]
    total = [0, 0]
    for number, victim in enumerate(cast.victims, 1):
        paid = chance.randrange(100_000, 40_000_000)
        back = paid // chance.randint(5, 30)
        total = [total[0] + paid, total[1] + back]
        rows.append((str(number), victim.name, victim.card, *_cents(paid, back, paid - back)))
    rows.append(("", "合计", "", *_cents(total[0], total[1], total[0] - total[1])))
    y = sheet.print_table(20, 38, (12, 24, 50, 30, 28, 28), rows, 10, 9)
    for note in (
        "注1：转入金额以银行交易明细为准，被害人陈述与明细不一致的，按明细计算。",
        "注2：返利金额指上述账户在案发前转回被害人同名账户的款项，不含现金。",
        f"注3：{cast.victims[2].name}的款项中有一笔由他人代转，已并入本人名下。",
    ):
        y = sheet.print_line(20, y + 2, note, 8)
    for text in (
        f"司法鉴定人：{cast.victims[6].name}（执业证号：99010131{chance.randint(1000, 9999)}）",
        f"复核人：{cast.victims[7].name}",
    ):
        y = sheet.print_line(100, y + 6, text, 11)
    sheet.print_line(128, y + 8, some_day(chance), 12)
    sheet.stamp(148, y + 4, "云屏信衡司法会计鉴定所")
    yield sheet


def _cents(*sums: int) -> tuple[str, ...]:
    return tuple(f"{one / 100:,.2f}" for one in sums)


def red_letterhead(cast: Cast, chance: random.Random) -> Iterator[Sheet]:
    """A letter under a red head and a red rule (GB/T 9704-2012)."""
    sheet = Sheet("红头文件", face="serif")
    sheet.print_line(105, 34, f"{POLICE}文件", 34, face="serif bold", middle=True, colour="#d8201c")
    sheet.print_line(105, 66, f"临公发〔2031〕{chance.randint(1, 99)}号", 16, middle=True)
    ImageDraw.Draw(sheet.picture).rectangle(
        [pixels(26), pixels(77), pixels(184), pixels(77.7)], fill="#d8201c", outline=None
    )
    y = 88.0
    for text in ("关于移送涉嫌诈骗案件涉案财物", "及电子数据的函"):
        y = sheet.print_line(105, y, text, 22, face="serif bold", middle=True)
    y = sheet.print_line(_LEFT, y + 6, f"{CITY}临溪区人民检察院：", 16)
    for text in (
        f"我局办理的{cast.suspects[0].name}等{chance.randint(3, 9)}人涉嫌诈骗一案，"
        f"已于{some_day(chance)}侦查终结。现将涉案财物及电子数据"
        f"随案移送，其中移动电话{chance.randint(2, 9)}部、银行卡{chance.randint(2, 20)}张、"
        f"人民币{some_money(chance)}元已存入"
        f"{chance.choice(BANKS)}涉案款专户。",
        f"上述电子数据存储于光盘{chance.randint(1, 6)}张，封存完好，请予查收。联系人："
        f"{cast.police[0].name}，联系电话：{cast.police[0].phone}。",
    ):
        y, _ = sheet.print_paragraph(_LEFT, y, _WIDTH, text, 16)
    y = sheet.print_line(_LEFT + 11, y + 3, "附件：1.随案移送清单", 16)
    y = sheet.print_line(_LEFT + 28, y, "2.光盘目录", 16)
    sheet.print_line(112, y + 10, POLICE, 16)
    sheet.print_line(126, y + 20, some_day(chance), 16)
    sheet.stamp(146, y + 18, POLICE)
    yield sheet


_TERMS = (
    "为维护客户权益，请您在签署前仔细阅读本条款，尤其是字体加粗的内容。本条款所称“我行”指您申请开立账户的营业机构，“客户”指账户持有人。",
    "客户应当妥善保管账户凭证、密码、动态口令及绑定的手机号码，不得出租、出借、出售账户。因客户保管不善造成的损失，由客户自行承担，但法律、法规另有规定的除外。",
    "凡使用密码进行的交易均视为客户本人所为，我行据此办理的各项业务所产生的电子信息记录为该项交易的有效凭证。",
    "客户发现账户被盗用或者凭证遗失的，应当立即办理挂失。挂失生效前已经发生的交易，我行不承担责任；口头挂失有效期为五日，期满未办理书面挂失的，口头挂失自动失效。",
    "我行有权依照反洗钱和反电信网络诈骗的有关规定，对交易金额、频次、对手明显异常的账户采取限制非柜面交易、中止支付、要求补充证明材料等措施。",
    "客户提供的身份信息、联系方式、职业、住所地等发生变更的，应当自变更之日起三十日内通知我行；未及时通知的，我行按原信息发出的通知视为送达。",
    "收费项目和标准以我行营业场所及官方网站公示的价目表为准。价目表调整的，我行提前三个月公示，客户不接受的，可以在生效前办理销户。",
    "因不可抗力、通讯或者供电故障、系统升级等原因导致交易延误或者失败的，我行协助客户查明原因并减少损失，但不承担由此产生的间接损失。",
    "本条款适用中华人民共和国法律。因履行本条款发生的争议，双方应当协商解决；协商不成的，向我行所在地有管辖权的人民法院提起诉讼。",
    "未成年人或者限制民事行为能力人申请开户的，应当由法定代理人代为办理，并同时出示双方的有效身份证件原件以及能够证明代理关系的文件。",
)


def bank_terms(cast: Cast, chance: random.Random) -> Iterator[Sheet]:
    """个人账户服务条款: two columns in small print, and the customer's line."""
    bank = chance.choice(BANKS)
    holder = cast.suspects[2]
    sheet = Sheet("账户服务条款", face=chance.choice(("sans", "serif", "hei")))
    sheet.print_line(105, 16, f"{bank}个人结算账户服务条款", 13, middle=True)
    points = chance.choice((6.5, 7.0, 7.5))
    terms = [f"{number}.{chance.randint(1, 9)}　{chance.choice(_TERMS)}" for number in range(1, 60)]
    rest = ""
    for left in (18.0, 108.0):
        y, room = 28.0, points / 72 * 25.4 * 1.5
        while (rest or terms) and y < 236 - room:
            indent = not rest
            rest = rest or terms.pop(0)
            y, rest = sheet.print_paragraph(left, y, 84, rest, points, indent=indent, bottom=236)
    y = sheet.print_line(18, 248, "本人已阅读并同意上述全部条款。", 9)
    y = sheet.print_line(18, y + 3, f"客户姓名：{holder.name}", 9)
    y = sheet.print_line(18, y, f"证件号码：{holder.id_number}", 9)
    sheet.print_line(18, y, f"卡号：{holder.card}", 9)
    sheet.print_line(130, y, f"日期：{some_day(chance, 2030)}", 9)
    yield sheet


def mixed_latin(cast: Cast, chance: random.Random) -> Iterator[Sheet]:
    """电子数据检查笔录: Chinese with paths, addresses, digests and versions in Latin letters."""
    suspect, victim = cast.suspects[1], cast.victims[3]

    def digest(count: int) -> str:
        return "".join(chance.choice("0123456789abcdef") for _ in range(count))

    sheet = Sheet("电子数据检查笔录", face=chance.choice(("serif", "sans")))
    sheet.print_line(105, 24, "电子数据检查笔录", 20, face="serif bold", middle=True)
    serial = "".join(chance.choice("ABCDEFGHJKLMNPRSTUVWXYZ0123456789") for _ in range(10))
    rows = [
        ("检材", f"Nimbus P40 Pro手机1部，序列号{serial}"),
        ("IMEI", f"99000199{chance.randint(1_000_000, 9_999_999)}"),
        ("系统版本", f"Android {chance.randint(9, 15)}，Build {chance.randint(100, 999)}.{chance.randint(1, 99)}"),
        ("检查工具", f"PhoneView V{chance.randint(3, 8)}.{chance.randint(0, 9)}.{chance.randint(0, 9)} (64-bit)"),
    ]
    y = sheet.print_table(_LEFT, 42, (30, 128), rows, 11, 9.5)
    paragraphs = [
        f"{some_day(chance)}10时05分，检查人员将检材设为飞行模式，"
        "用USB Type-C数据线连接检查工作站（Windows 11 Pro，CPU i7，"
        f"RAM 32GB，SSD 1TB），使用只读接口提取数据，生成镜像文件{serial}.dd，"
        f"大小{chance.randint(20, 250)}.{chance.randint(1, 9)}GB，"
        f"SHA-256校验值前段为{digest(16)}，MD5为{digest(32)}。",
        f"在/data/media/0/DCIM/Camera目录下提取照片{chance.randint(50, 900)}张（JPEG、HEIC格式），"
        "在Download目录下提取文件"
        f"“plan_v{chance.randint(2, 9)}.xlsx”“客户list.docx”各1个，"
        f"其中Sheet2记录“{victim.name} {victim.phone} VIP”等字样。",
        f"应用程序ChatBox（App ID：box{chance.randint(1000, 9999)}）登录账号为river_{digest(4)}，"
        f"昵称“River”，绑定手机{suspect.phone}，"
        f"邮箱river{chance.randint(10, 99)}@example.com；"
        f"浏览器历史记录中有https://pay.example.com/login?id={chance.randint(100, 999)}"
        f"共{chance.randint(3, 90)}次，IP地址为192.0.2.{chance.randint(2, 250)}，"
        f"端口{chance.choice((443, 8080, 8443))}。",
        f"提取USDT钱包地址1个，备注“OK, deal”，金额{chance.randint(100, 90000)}.{chance.randint(10, 99)}U，"
        f"汇率按1:{chance.uniform(6.5, 7.3):.2f}折算，约合人民币{some_money(chance)}元。",
        "检查过程全程录像，录像文件为VID_20310612_100501.mp4（H.264，1080P，25fps），刻录于DVD-R光盘1张，随笔录附卷。",
    ]
    for side, end in running_text(sheet, y + 6, paragraphs, 13, foot="- {} -"):
        sheet, y = side, end
        if y <= _BOTTOM - 24:
            sheet.print_line(_LEFT, y + 10, f"检查人：{cast.police[0].name}    {cast.police[1].name}", 13)
        yield sheet
